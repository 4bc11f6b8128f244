# Objects that cannot be saved, or do harm while they are.

# %% one bad object spoils nothing
g = (i for i in range(3))
data = {"ok": [1], "deep": [{"gen": g}]}
fine = [1, 2]
alias = data["ok"]
# %% check
names = {entry["name"] for entry in REPORT["lost"]}
assert any(name.startswith("g") for name in names) and any(name.startswith("data") for name in names), names
assert fine == [1, 2] and data["ok"] is alias
assert "generator" in repr(g) and data["deep"][0]["gen"] is g
try:
    next(g)
except RuntimeError as error:
    assert "cell [1]" in str(error), error
else:
    raise AssertionError

# %% raising reductions
class Bad:
    def __init__(self, n): self.n = n
    def __reduce__(self): raise KeyboardInterrupt("no")
class Worse:
    def __reduce__(self): return 5
class Odd:
    def __reduce__(self): return (lambda: 1, [1])
class Liar:
    def __reduce__(self): return "nowhere"
class Eq:
    def __eq__(self, other): raise RuntimeError("eq")
    def __hash__(self): return 1
class Attr:
    def __getattribute__(self, name): raise RuntimeError("attr " + name)
class Dun:
    def __bool__(self): raise RuntimeError
    def __len__(self): raise RuntimeError
    def __repr__(self): raise RuntimeError
    def __str__(self): raise RuntimeError
    def __class_getitem__(cls, k): raise RuntimeError
class Printing:
    def __reduce__(self):
        print("hello from reduce")
        return (Printing, ())
bad, worse, odd, liar, eq, attr, dun, pr = Bad(1), Worse(), Odd(), Liar(), Eq(), Attr(), Dun(), Printing()
many = [Bad(i) for i in range(3000)] + ["end"]
# %% check
names = {entry["name"].split("[")[0] for entry in REPORT["lost"]}
assert {"bad", "worse", "odd", "liar", "many"} <= names, names
assert type(eq) is Eq and type(dun) is Dun and object.__class__ is type and type(attr) is Attr and type(pr) is Printing
assert many[-1] == "end" and len(many) == 3001

# %% system resources are named
import socket, threading, subprocess, sys
sock = socket.socket()
proc = subprocess.Popen([sys.executable, "-c", "pass"])
thread = threading.Thread(target=lambda: None)
def co():
    yield
gen = co()
async def aco(): pass
coro = aco()
frame = sys._getframe()
keep = "kept"
# %% check
names = {entry["name"].split("[")[0] for entry in REPORT["lost"]}
assert {"sock", "proc", "gen", "coro", "frame"} <= names, names
assert keep == "kept"
try:
    sock.send(b"")
except RuntimeError as error:
    assert "socket" in str(error)
else:
    raise AssertionError

# %% a reduction that forks
import os
class Forks:
    def __reduce__(self):
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
        return (Forks, ())
f = Forks()
after = 1
# %% check
assert type(f) is Forks and after == 1

# %% metaclass and class attributes that raise
class M(type):
    def __getattribute__(cls, name):
        if name in ("__module__", "__qualname__", "__name__", "__mro__", "__dict__", "__bases__", "__flags__"):
            raise RuntimeError("meta " + name)
        return super().__getattribute__(name)
class Touchy(metaclass=M):
    v = 1
touchy = Touchy()
fine = 3
# %% check
assert fine == 3

# %% an object that lies about its class
class Mock:
    @property
    def __class__(self):
        return int
    def __init__(self): self.v = 1
m = Mock()
# %% check
assert type(m) is Mock and m.v == 1

# %% iterator of items that raises half way
class Half(dict):
    def items(self):
        yield ("a", 1)
        raise RuntimeError("half")
h = Half(a=1)
safe = [1]
# %% check
assert safe == [1]
names = {entry["name"] for entry in REPORT["lost"]}
assert "h" in names or h["a"] == 1, REPORT

# %% an object that refuses to be loaded spoils nothing
class Refuses:
    def __init__(self):
        self.a = 1
    def __getstate__(self):
        return {"a": 1}
    def __setstate__(self, state):
        raise RuntimeError("not here")
class Fails:
    def __reduce__(self):
        return (Fails.make, (1,))
    @staticmethod
    def make(n):
        raise RuntimeError("cannot make")
shared = [1]
data = {"good": shared, "bad": Fails(), "refuses": Refuses()}
other = shared
# %% check
assert data["good"] is other and other == [1]
assert "cannot make" in repr(data["bad"]), data
assert {entry["name"] for entry in REPORT["lost"]} >= {"data"}, REPORT

# %% an object that makes new ones without end is named, and spoils nothing
import importlib
importlib.import_module("session_migrator_kernel.pickling.growth").ROOM = 1 << 27
class Spring:
    def __reduce__(self):
        return Spring, (Spring(),)
class Drop:
    def __init__(self, n):
        self.n = n
spring, kept = Spring(), [1]
before, zealous = [Drop(n) for n in range(20000)], [Drop(n) for n in range(20000)]
# %% check
assert [entry["name"] for entry in REPORT["lost"]] == ["spring"], REPORT["lost"]
assert "more and more memory" in REPORT["lost"][0]["reason"], REPORT["lost"]
assert kept == [1] and [drop.n for drop in before] == [drop.n for drop in zealous] == list(range(20000))
