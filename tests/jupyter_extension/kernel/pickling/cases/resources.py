# What stands for something of the process or the operating system.

# %% locks and queues
import threading, queue
lock, rlock = threading.Lock(), threading.RLock()
lock.acquire()
event, cond, sem = threading.Event(), threading.Condition(), threading.Semaphore(3)
event.set()
q = queue.Queue(5)
q.put([1])
sq = queue.SimpleQueue()
sq.put(2)
pq = queue.PriorityQueue()
pq.put((2, "b")); pq.put((1, "a"))
bar = threading.Barrier(2)
# %% check
assert lock.acquire(timeout=0.01) and rlock.acquire(timeout=0.01) and event.is_set()
with cond:
    cond.notify_all()
assert sem.acquire(timeout=0.01) and q.get_nowait() == [1] and q.maxsize == 5 and sq.get_nowait() == 2 and pq.get_nowait() == (1, "a")

# %% threads and pools
import threading, concurrent.futures
pool = concurrent.futures.ThreadPoolExecutor(2)
fut = pool.submit(pow, 2, 3)
fut.result()
fresh = threading.Thread(target=print, args=("x",), name="fresh")
main = threading.main_thread()
# %% check
assert pool.submit(pow, 2, 5).result(10) == 32 and fut.result() == 8
assert fresh.name == "fresh" and not fresh.is_alive() and main is threading.main_thread()
fresh.start()
fresh.join(10)

# %% files
import os, tempfile
folder = os.path.join(os.getcwd(), "files-%d" % os.getpid())
os.makedirs(folder)
name = os.path.join(folder, "a.txt")
with open(name, "w") as f:
    f.write("line %d\n" * 5 % (1, 2, 3, 4, 5))
reader = open(name)
reader.readline()
looping = open(name)
for line in looping:
    break
binary = open(name, "rb")
binary.seek(5)
log = open(os.path.join(folder, "log"), "w")
log.write("flushed\n")
log.flush()
log.write("pending\n")
append = open(os.path.join(folder, "app"), "ab")
append.write(b"one")
both = open(name, "r+")
both.seek(3)
done = open(name)
done.close()
pair = (log, log.buffer)
gone = open(os.path.join(folder, "gone"), "w+")
os.remove(os.path.join(folder, "gone"))
# %% check
assert reader.readline() == "line 2\n" and looping.readline() == "line 2\n" and binary.read(1) == b"1", REPORT
assert log.mode == "w" and pair[0] is log and pair[1] is log.buffer
log.write("after\n")
log.close()
import os
assert open(os.path.join(folder, "log")).read() == "flushed\npending\nafter\n", open(os.path.join(folder, "log")).read()
append.write(b"two")
append.close()
assert open(os.path.join(folder, "app"), "rb").read() == b"onetwo"
assert both.read(2) == "e " and done.closed and done.name == name

# %% a file that changed is not opened (volatile)
import os
where = os.path.join(os.getcwd(), "changing-%d" % os.getpid())
open(where, "w").write("12345")
f = open(where)
class Later:
    def __reduce__(self):
        if os.path.getsize(where) == 5:
            open(where, "w").write("something else")
        return (int, (1,))
zz = Later()
# %% check
assert [entry for entry in REPORT["lost"] if entry["name"] == "f"], REPORT
try:
    f.read()
except RuntimeError as error:
    assert "changed" in str(error)
else:
    raise AssertionError

# %% temporary files
import tempfile, os
named = tempfile.NamedTemporaryFile("w+", suffix=".txt")
named.write("hello")
named.flush()
anon = tempfile.TemporaryFile()
anon.write(b"abc")
anon.flush()
anon.seek(1)
spool = tempfile.SpooledTemporaryFile()
spool.write(b"sp")
folder = tempfile.TemporaryDirectory()
open(os.path.join(folder.name, "x"), "w").write("in folder")
import io
sio, bio = io.StringIO("ab\ncd"), io.BytesIO(b"xyz")
sio.readline(); bio.read(1)
# %% check
import os
named.seek(0)
assert named.read() == "hello" and anon.read() == b"bc" and sio.read() == "cd" and bio.read() == b"yz"
spool.seek(0)
assert spool.read() == b"sp"
assert open(os.path.join(folder.name, "x")).read() == "in folder"

# %% sqlite
import sqlite3, os, threading
mem = sqlite3.connect(":memory:")
mem.row_factory = sqlite3.Row
mem.execute("create table t (a, b)")
mem.execute("insert into t values (1, 'x')")
mem.commit()
cur = mem.cursor()
path = os.path.join(os.getcwd(), "db-%d" % os.getpid())
disk = sqlite3.connect(path)
disk.execute("create table t (a)")
disk.execute("insert into t values (5)")
disk.commit()
# %% check
assert mem.execute("select b from t").fetchone()["b"] == "x" and cur.execute("select a from t").fetchone()[0] == 1
assert cur.connection is mem and disk.execute("select a from t").fetchone() == (5,)

# %% loggers
import logging, sys, io
log = logging.getLogger("my.app")
log.setLevel(logging.DEBUG)
buf = io.StringIO()
handler = logging.StreamHandler(buf)
handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
log.addHandler(handler)
class Quiet(logging.Filter):
    def filter(self, record):
        return "secret" not in record.getMessage()
log.addFilter(Quiet())
adapter = logging.LoggerAdapter(log, {"k": 1})
root = logging.getLogger()
# %% check
import logging
assert log is logging.getLogger("my.app") and root is logging.getLogger() and log.level == logging.DEBUG and log.handlers == [handler]
log.debug("hi")
log.info("secret")
assert buf.getvalue() == "DEBUG hi\n", buf.getvalue()

# %% random
import random
random.seed(4)
random.random()
mine = random.Random(5)
state = random.getstate()
from random import randint
# %% check
import random
assert random.getstate() == state and mine.random() == random.Random(5).random() and randint.__self__ is random._inst

# %% settings of the process
import os, sys, decimal, warnings, locale
os.environ["MY_SETTING"] = "on"
sys.path.insert(0, "/nowhere/special")
decimal.getcontext().prec = 7
warnings.filterwarnings("ignore", "quiet please")
here = os.getcwd()
# %% check
import os, sys, decimal, warnings
assert os.environ["MY_SETTING"] == "on" and sys.path[0] == "/nowhere/special" and os.getcwd() == here
assert decimal.getcontext().prec == 7 and decimal.Decimal(1) / 3 == decimal.Decimal("0.3333333")
assert any(f[0] == "ignore" and f[1] is not None and "quiet" in f[1].pattern for f in warnings.filters)

# %% modules of the working folder and changes to modules
import os, sys, importlib, time
name = "mymod_%d" % os.getpid()
open(name + ".py", "w").write("VERSION = 'first'\nstate = []\ndef f():\n    return VERSION\nclass K:\n    def hi(self):\n        return 'hi ' + VERSION\n")
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
mod = importlib.import_module(name)
mod.state.append(5)
alias = mod.state
k = mod.K()
import json, math, xml.dom.minidom
json.mine = lambda: "patched"
math.TWO = 2
def shout(self):
    return str(self).upper()
import string
string.Template.shout = shout
time.sleep(1.1)
open(name + ".py", "w").write("VERSION = 'second'\nstate = []\ndef f():\n    return 'edited'\nclass K:\n    pass\n")
# %% check
assert mod.state == [5] and mod.state is alias and mod.f() == "first" and k.hi() == "hi first", (mod.state, mod.f())
import json, math
assert json.mine() == "patched" and math.TWO == 2 and xml.dom.minidom.parseString("<a/>")
import string
assert string.Template("x").shout is not None

# %% history needs: IPython
x = 40
x + 2
# %% cell
x + 3
# %% check
assert Out[1] == 42 and Out[2] == 43 and In[2].strip() == "x + 3" and _2 == 43, (Out, In)
assert len(In) == 4 and In[3].startswith("assert Out[1]")
assert _i2.strip() == "x + 3"

# %% shell setup needs: IPython
from IPython.core.magic import register_line_magic
ip = get_ipython()
@register_line_magic
def twice(line):
    return int(line) * 2
class Money:
    def __init__(self, n): self.n = n
def show(money, p, cycle):
    p.text("$%d" % money.n)
ip.display_formatter.formatters["text/plain"].for_type(Money, show)
def after(result):
    global seen
    seen = True
ip.events.register("post_run_cell", after)
ip.run_line_magic("load_ext", "autoreload")
ip.run_line_magic("autoreload", "2")
ip.run_line_magic("precision", "3")
m = Money(5)
# %% check
assert ip is get_ipython() and ip.run_line_magic("twice", "4") == 8
data, _ = ip.display_formatter.format(m)
assert data["text/plain"] == "$5", data
assert any("autoreload" in name for name in ip.extension_manager.loaded), ip.extension_manager.loaded
assert [cb for cb in ip.events.callbacks["post_run_cell"] if getattr(cb, "__name__", "") == "after"]
data, _ = ip.display_formatter.format(3.14159)
assert data["text/plain"] == "3.142"

# %% asyncio objects
import asyncio
lock = asyncio.Lock()
event = asyncio.Event()
event.set()
async def main():
    async with lock:
        await event.wait()
        return 5
# %% check
loop = asyncio.new_event_loop()
assert loop.run_until_complete(main()) == 5
loop.close()

# %% a parser of arguments knows its own marks
import argparse
parser = argparse.ArgumentParser(prog="p")
parser.add_argument("--n", type=int, default=2)
suppressed = argparse.ArgumentParser(prog="q", argument_default=argparse.SUPPRESS)
suppressed.add_argument("--m")
# %% check
assert vars(parser.parse_args(["--n", "5"])) == {"n": 5} and vars(suppressed.parse_args([])) == {}

# %% an empty database in memory, and a cursor with rows still to come (volatile)
import sqlite3
empty = sqlite3.connect(":memory:")
rows = empty.execute('select 1 as "a b", x\'00\' as c union all select 2, null union all select 3, 0.5')
first = rows.fetchone()
# %% check
assert REPORT["lost"] == [], REPORT
assert rows.fetchall() == [(2, None), (3, 0.5)] and [column[0] for column in rows.description] == ["a b", "c"]
assert empty.execute("select count(*) from sqlite_master").fetchone() == (0,)

# %% a compiled layout of bytes
import struct
layout = struct.Struct("<ih")
# %% check
assert layout.pack(1, 2) == b"\x01\x00\x00\x00\x02\x00" and layout.size == 6

# %% thread-local data whose class wants arguments
import threading
class Local(threading.local):
    def __init__(self, start):
        self.value = start
local = Local(4)
local.value += 1
# %% check
assert REPORT["lost"] == [] and local.value == 5

# %% a database in memory that has moved once already needs: sqlite3
import sqlite3, sys
source = sqlite3.connect(":memory:")
source.executescript("create table t (a); insert into t values (5);")
again = sqlite3.connect(":memory:")
if hasattr(again, "deserialize"):
    again.deserialize(source.serialize())
else:
    source.backup(again)
# %% check
assert REPORT["lost"] == [] and again.execute("select a from t").fetchone() == (5,)

# %% what was registered with the interpreter
import abc, builtins, collections.abc, copyreg, numbers, signal
class Row: pass
class Amount: pass
collections.abc.Sequence.register(Row)
numbers.Number.register(Amount)
def reduce_amount(amount): return Amount, ()
copyreg.pickle(Amount, reduce_amount)
def on_usr1(*args): pass
class Keeper:
    def on_usr2(self, *args): pass
keeper = Keeper()
signal.signal(signal.SIGUSR1, on_usr1)
signal.signal(signal.SIGUSR2, keeper.on_usr2)
builtins.shared_by_all = [1]
alias = builtins.shared_by_all
builtins.answer = 42
# %% check
assert isinstance(Row(), collections.abc.Sequence) and isinstance(Amount(), numbers.Number)
assert copyreg.dispatch_table[Amount] is reduce_amount
assert signal.getsignal(signal.SIGUSR1) is on_usr1 and signal.getsignal(signal.SIGUSR2).__self__ is keeper
assert shared_by_all is alias and answer == 42

# %% warnings that go to the log
import logging, warnings
logging.captureWarnings(True)
# %% check
assert logging._warnings_showwarning is not None and warnings.showwarning is logging._showwarning

# %% settings of the shell needs: IPython
from IPython import get_ipython
ip = get_ipython()
ip.run_line_magic("alias", "hi echo hi")
ip.run_line_magic("config", "InteractiveShell.show_rewritten_input = False")
ip.run_line_magic("config", "IPCompleter.use_jedi = False")
ip.run_line_magic("config", "IPCompleter.greedy = True")
ip.run_line_magic("xmode", "Plain")
ip.run_line_magic("precision", "3")
ip.run_line_magic("autocall", "1")
# %% check
from IPython import get_ipython
ip = get_ipython()
assert ("hi", "echo hi") in ip.alias_manager.aliases
assert ip.show_rewritten_input is False and ip.Completer.use_jedi is False and ip.Completer.greedy is True
assert ip.InteractiveTB.mode == "Plain" and ip.autocall == 1
assert "3" in ip.display_formatter.formatters["text/plain"].float_format
