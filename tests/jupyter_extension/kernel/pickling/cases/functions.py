# Functions and closures of the user's. Each case: cells that build, then a check in a fresh process.

# %% globals are the live namespace
x = 5
def f(a):
    return a + x
# %% check
assert f(1) == 6
x = 1000
assert f(1) == 1001, "a later assignment is not seen"
assert f.__globals__ is globals()

# %% closures share a cell
def make():
    n = 0
    def inc():
        nonlocal n
        n += 1
        return n
    def get():
        return n
    return inc, get
inc, get = make()
inc()
# %% check
assert inc() == 2 and get() == 2
assert inc.__closure__[0] is get.__closure__[0]

# %% recursive closure and empty cell
def outer():
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)
    def never():
        return later
    if False:
        later = 1
    return fact, never
fact, never = outer()
# %% check
assert fact(5) == 120
try:
    never()
except NameError as error:
    assert "later" in str(error)
else:
    raise AssertionError("an empty cell was filled")

# %% attributes defaults annotations
def f(a, b=[1], *, c={"k": 2}) -> int:
    "Doc."
    return a
f.note = "mine"
defaults = f.__defaults__[0]
# %% check
assert f.note == "mine" and f.__doc__ == "Doc." and f.__kwdefaults__ == {"c": {"k": 2}}
assert f.__defaults__[0] is defaults
assert f.__annotations__["return"] in (int, "int")

# %% lambda alias in container
square = lambda v: v * v
table = {"square": square, "cube": lambda v: v ** 3}
# %% check
assert table["square"] is square and table["cube"](2) == 8

# %% decorators of functools
import functools
calls = []
@functools.lru_cache(maxsize=None)
def slow(n):
    calls.append(n)
    return n * 2
slow(1)
@functools.singledispatch
def show(o):
    return "object"
@show.register(int)
def _(o):
    return "int"
def logged(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args)
    return wrapper
@logged
def g(a):
    return a + 1
add3 = functools.partial(lambda a, b: a + b, 3)
# %% check
assert slow(4) == 8 and slow.cache_info().maxsize is None and slow.__wrapped__.__name__ == "slow"
assert show(1) == "int" and show("") == "object"
@show.register(str)
def _(o):
    return "str"
assert show("") == "str"
assert g(1) == 2 and g.__wrapped__ is g.__closure__[0].cell_contents
assert add3(4) == 7

# %% context manager and generator functions
import contextlib
@contextlib.contextmanager
def tag(name):
    yield name.upper()
def gen(n):
    for i in range(n):
        yield i
async def coro():
    return 7
# %% check
with tag("a") as t:
    assert t == "A"
assert list(gen(3)) == [0, 1, 2]
import asyncio
assert asyncio.new_event_loop().run_until_complete(coro()) == 7

# %% bound methods and builtins
class Counter:
    def __init__(self):
        self.n = 0
    def up(self):
        self.n += 1
        return self.n
counter = Counter()
up = counter.up
items = []
push = items.append
join = ",".join
import operator, math
sine = math.sin
key = operator.attrgetter("n")
fromkeys = dict.fromkeys
upper = str.upper
# %% check
assert up() == 1 and counter.n == 1 and up.__self__ is counter
push(1)
assert items == [1] and join("ab") == "a,b" and sine(0) == 0 and key(counter) == 1
assert fromkeys("a") == {"a": None} and upper("a") == "A"

# %% source survives for tracebacks and inspect
def shown():
    return 41 + 1
# %% check
import inspect
assert "41 + 1" in inspect.getsource(shown)

# %% globals as a variable
g = globals()
v = 1
def set_v(n):
    global v
    v = n
# %% check
assert g is globals()
set_v(3)
assert v == 3

# %% functions of an exec'd namespace
space = {}
exec("k = 1\ndef f():\n    return k\ndef g():\n    return f() + 1", space)
f2 = space["f"]
# %% check
assert f2() == 1 and space["g"]() == 2
space["k"] = 10
assert f2() == 10 and space["g"]() == 11

# %% a function of a module that was put together by hand
import types, sys
tools = types.ModuleType("tools")
exec("base = 10\ndef plus(n):\n    return base + n", tools.__dict__)
plus = tools.plus
# %% check
assert plus(1) == 11
tools.base = 20
assert plus(1) == 21 and tools.plus is plus
