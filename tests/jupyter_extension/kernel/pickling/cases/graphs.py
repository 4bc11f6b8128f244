# Containers, sharing, cycles, depth, weak references.

# %% shared across variables and containers
a = [1]
b = a
c = {"a": a, "t": (a,)}
other = [1]
# %% check
assert b is a and c["a"] is a and c["t"][0] is a and other is not a
a.append(2)
assert b == [1, 2]

# %% cycles
l = []
l.append(l)
d = {}
d["self"] = d
class Node: pass
n, m = Node(), Node()
n.next, m.next = m, n
t = ([],)
t[0].append(t)
# %% check
assert l[0] is l and d["self"] is d and n.next is m and m.next is n and t[0][0] is t

# %% a hundred thousand levels
deep = []
for _ in range(100_000):
    deep = [deep]
class Link:
    def __init__(self, prev):
        self.prev = prev
        self.next = None
        if prev is not None:
            prev.next = self
first = last = Link(None)
for _ in range(30_000):
    last = Link(last)
nested = ()
for _ in range(20_000):
    nested = (nested, {"k": 1})
# %% check
n, at = 0, deep
while at:
    n, at = n + 1, at[0]
assert n == 100_000
n, at = 0, first
while at.next is not None:
    assert at.next.prev is at
    n, at = n + 1, at.next
assert n == 30_000 and at is last
n, at = 0, nested
while at:
    n, at = n + 1, at[0]
assert n == 20_000
del at

# %% dicts and sets and orders
import collections
od = collections.OrderedDict(b=1, a=2)
dd = collections.defaultdict(list, x=[1])
dq = collections.deque([1, 2], maxlen=3)
cn = collections.Counter("aab")
cm = collections.ChainMap({"a": 1}, {"b": 2})
fs = frozenset([1, 2])
ba = bytearray(b"abc")
rg = range(3, 9, 2)
sl = slice(1, 2)
keys = od.keys()
el = ...
ni = NotImplemented
nt = type(None)
# %% check
assert list(od) == ["b", "a"] and dd["new"] == [] and dd["x"] == [1] and dq.maxlen == 3
assert cn["a"] == 2 and cm["b"] == 2 and 1 in fs and ba == b"abc" and rg[-1] == 7 and sl == slice(1, 2)
assert list(keys) == ["b", "a"] and el is ... and ni is NotImplemented and nt is type(None)
od["c"] = 3
assert list(keys) == ["b", "a", "c"]

# %% weak references
import weakref
class T: pass
t = T()
ref = weakref.ref(t)
wv = weakref.WeakValueDictionary(k=t)
wk = weakref.WeakKeyDictionary({t: 1})
ws = weakref.WeakSet([t])
px = weakref.proxy(t)
t.v = 5
gone = weakref.ref(T())
def bye(): pass
t.m = lambda self: 1
# %% check
assert ref() is t and wv["k"] is t and wk[t] == 1 and t in ws and px.v == 5 and gone() is None
del t
import gc
gc.collect()
assert ref() is None and not wv and not wk and not ws

# %% context variables
import contextvars
var = contextvars.ContextVar("var", default=1)
unset = contextvars.ContextVar("unset")
var.set([5])
value = var.get()
# %% check
assert var.get() == [5] and var.get() is value
try:
    unset.get()
except LookupError:
    pass
else:
    raise AssertionError

# %% singletons and modules
import sys, os.path, string, decimal
path = os.path
mods = {"s": sys}
out = sys.stdout
missing = object()
again = missing
# %% check
import os.path as real, sys as real_sys
assert path is real and mods["s"] is real_sys and out is real_sys.stdout
assert again is missing

# %% simple values
import datetime, decimal, fractions, uuid, pathlib, re, ipaddress
zone = datetime.timezone(datetime.timedelta(hours=2))
dt = datetime.datetime(2024, 1, 2, 3, tzinfo=zone)
dec = decimal.Decimal("1.10")
fr = fractions.Fraction(1, 3)
uid = uuid.UUID(int=5)
pt = pathlib.Path("a") / "b"
rx = re.compile("a(b)", re.I)
ip = ipaddress.ip_address("::1")
mt = rx.match("AB")
cx = 1 + 2j
big = 10 ** 5000
nan = float("nan")
text = "x" * 1_000_000 + "\udcff"
blob = b"y" * 3_000_000
ba = bytearray(2_000_000)
mv = memoryview(ba)[10:20]
# %% check
import datetime
assert dt.utcoffset() == datetime.timedelta(hours=2) and str(dec) == "1.10" and fr * 3 == 1 and uid.int == 5
assert str(pt) == "a/b" and rx.match("AB").group(1) == "B" and str(ip) == "::1" and cx.imag == 2 and big == 10 ** 5000 and nan != nan
assert len(text) == 1_000_001 and len(blob) == 3_000_000
mv[0] = 7
assert ba[10] == 7

# %% iterators keep their place
it = iter([1, 2, 3])
next(it)
import itertools
count = itertools.count(5)
next(count)
z = zip("ab", [1, 2])
next(z)
en = enumerate("xyz")
next(en)
rv = reversed([1, 2])
di = iter({"a": 1, "b": 2})
next(di)
cyc = itertools.cycle("ab")
next(cyc)
mp = map(str, [1, 2])
next(mp)
# %% check
assert next(it) == 2 and next(count) == 6 and next(z) == ("b", 2) and next(en) == (1, "y") and list(rv) == [2, 1]
assert list(di) == ["b"] and next(mp) == "2"

# %% iterators of itertools keep their place
import itertools
from decimal import Decimal
count, down, fine = itertools.count(), itertools.count(5, -2), itertools.count(Decimal("0.1"), Decimal("0.1"))
numbers = iter([1, 2, 3])
chain, whole, ended = itertools.chain([0], numbers, "xy"), itertools.chain("ab"), itertools.chain()
first, second = itertools.cycle([1, 2, 3]), itertools.cycle("aba")
thrice, always = itertools.repeat("x", 3), itertools.repeat([])
for iterator in (count, down, fine, chain, chain, first, thrice, *[second] * 5):
    next(iterator)
assert list(ended) == []
# %% check
assert (next(count), next(down), next(fine), next(thrice)) == (1, 3, Decimal("0.2"), "x")
assert list(thrice) == ["x"] and list(ended) == [] and list(whole) == ["a", "b"] and next(always) is next(always)
assert next(numbers) == 2 and list(chain) == [3, "x", "y"] and list(numbers) == []
assert [next(first) for _ in range(5)] == [2, 3, 1, 2, 3] and "".join(next(second) for _ in range(5)) == "aabaa"

# %% namespaces and objects of types
import types, threading, string
sn = types.SimpleNamespace(a=[1])
mp = types.MappingProxyType({"a": 1})
tl = threading.local()
tl.v = 5
gal = list[int] if hasattr(list, "__class_getitem__") else None
# %% check
assert sn.a == [1] and mp["a"] == 1 and tl.v == 5

# %% numbers that are none keep their identity
import math
d = {math.nan: 1}
nan = float("nan")
e = {nan: 2}
class Holder:
    missing = nan
def default(x=nan): return x
two = {float("nan"): "a", float("nan"): "b"}
many = [float("nan") for _ in range(1000)]
picked = many[77]
alike = b"G\x7f\xf8\x00\x00\x00\x00\x00\x00"
negative = [math.copysign(math.nan, -1)]
# %% check
assert d[math.nan] == 1 and e[nan] == 2 and Holder.missing is nan and default() is nan
assert len(two) == 2 and many[77] is picked and len(set(map(id, many))) == 1000
assert alike == b"G\x7f\xf8\x00\x00\x00\x00\x00\x00" and math.copysign(1, negative[0]) == -1

# %% a number that is none, deep down
import math
deep = [math.nan]
for _ in range(100_000):
    deep = [deep]
# %% check
while deep[0] is not math.nan:
    deep = deep[0]
assert deep == [math.nan]

# %% finalizers
import weakref
class Thing: pass
thing, other = Thing(), Thing()
log = []
waits = weakref.finalize(thing, log.append, "gone")
waits.atexit = False
done = weakref.finalize(other, log.append, "other")
done()
# %% check
assert waits.alive and waits.peek()[0] is thing and not waits.atexit and not done.alive
del thing
assert log == ["other", "gone"]
