# A database, in memory and in a file.
# %%
import sqlite3
memory = sqlite3.connect(":memory:")
memory.row_factory = sqlite3.Row
memory.executescript("create table book (id integer primary key, title text); insert into book (title) values ('a'), ('b');")
[tuple(row) for row in memory.execute("select * from book")]
# %%
file = sqlite3.connect("library.db")
file.execute("drop table if exists loan")
file.execute("create table loan (book integer, who text)")
file.execute("insert into loan values (1, 'Ada')")
file.commit()
rows = memory.execute("select title from book order by id")
rows.fetchone()["title"]
# %%
file.execute("select who from loan").fetchall(), [row[0] for row in rows]
# %%
memory.execute("insert into book (title) values ('c')")
memory.commit()
memory.execute("select count(*) from book").fetchone()[0]
