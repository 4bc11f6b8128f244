# Databases, the web, and small helpers.

# %% library: sqlalchemy
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
# %% Engine in memory
engine = sa.create_engine("sqlite://")
with engine.begin() as writing:
    _made = writing.execute(sa.text("create table t (a int)"))
    _filled = writing.execute(sa.text("insert into t values (5)"))
(engine.url.render_as_string(), engine.connect().execute(sa.text("select a from t")).scalar())
# %% Engine of a file
import os, tempfile
stored = sa.create_engine(f"sqlite:///{tempfile.mkdtemp()}/d.db")
with stored.begin() as storing:
    _kept = storing.execute(sa.text("create table t as select 6 as a"))
stored.connect().execute(sa.text("select a from t")).scalar()
# %% Table
metadata = sa.MetaData()
table = sa.Table("t", metadata, sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.String(5)))
(list(table.columns.keys()), str(sa.select(table).where(table.c.a > 1)), table.metadata is metadata)
# %% select
statement = sa.select(sa.column("a")).where(sa.column("a") == 5).order_by(sa.desc("a"))
(str(statement), statement.compile().params)
# %% mapped classes
class Base(DeclarativeBase):
    pass
class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")
class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")
ada = Author(name="Ada", books=[Book(id=1)])
(ada.name, ada.books[0].author is ada, str(sa.select(Author.name)))
# %% URL
url = sa.make_url("postgresql://u:p@h/d?x=1")
(url, url.host, dict(url.query))

# %% library: requests
import requests
# %% Session
session = requests.Session()
session.headers["X-A"] = "1"
saved = session.cookies.set("c", "v")
(session.headers["X-A"], session.cookies.get_dict(), session.prepare_request(requests.Request("GET", "http://h/p?q")).url)
# %% Response
response = requests.Response()
response._content, response.status_code, response.url = b'{"a": 1}', 200, "http://h"
(response.json(), response.ok, response.url)
# %% PreparedRequest
prepared = requests.Request("POST", "http://h", data={"a": 1}).prepare()
(prepared.body, prepared.headers["Content-Type"])

# %% library: httpx
import httpx
# %% Client
client = httpx.Client(base_url="http://h", headers={"X-A": "1"})
(client.headers["x-a"], str(client.build_request("GET", "/p").url))
# %% Response
response = httpx.Response(200, json={"a": 1}, request=httpx.Request("GET", "http://h"))
(response.json(), response.status_code, response.headers["content-type"])
# %% URL
url = httpx.URL("http://h/p?a=1")
(url, url.params["a"], url.join("/q"))

# %% library: pyyaml
import yaml
# %% node
node = yaml.compose("a: [1, 2]")
(type(node).__name__, yaml.serialize(node))
# %% Loader with a constructor
class Mine(yaml.SafeLoader):
    pass
Mine.add_constructor("!x", lambda loader, found: loader.construct_scalar(found) * 2)
yaml.load("!x ab", Mine)

# %% library: joblib needs: numpy
import joblib, tempfile
# %% Parallel
parallel = joblib.Parallel(n_jobs=1)
parallel(joblib.delayed(abs)(i) for i in (-1, -2))
# %% Memory
memory = joblib.Memory(tempfile.mkdtemp(), verbose=0)
@memory.cache
def cached(x):
    return x + 1
kept = cached(1)
(cached(1), kept)

# %% library: toolz
import toolz
# %% curry
added = toolz.curry(lambda a, b: a + b)(1)
added(2)
# %% compose and pipe
composed = toolz.compose(str, abs)
composed(-1)

# %% library: sortedcontainers
import sortedcontainers
# %% SortedDict
ordered = sortedcontainers.SortedDict({"b": 1, "a": 2})
(list(ordered), ordered.peekitem(0), ordered.keys()[1])
# %% SortedList
ranked = sortedcontainers.SortedKeyList([3, 1, 2], key=lambda v: -v)
(list(ranked), ranked.add(5), ranked[0])
