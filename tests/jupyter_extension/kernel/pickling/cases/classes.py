# Classes of the user's.

# %% enumerations
import enum
class Color(enum.Enum):
    RED = 1
    GREEN = "g"
    ALIAS = 1
    def hi(self):
        return self.name.lower()
class Num(enum.IntEnum):
    A = 1
    B = 2
class Text(str, enum.Enum):
    X = "x"
class Perm(enum.Flag):
    R = 1
    W = 2
class Planet(enum.Enum):
    EARTH = (1, 2)
    def __init__(self, mass, radius):
        self.mass = mass
    @property
    def double(self):
        return self.mass * 2
rw = Perm.R | Perm.W
by_color = {Color.RED: "r"}
# %% check
assert Color("g") is Color.GREEN and Color.ALIAS is Color.RED and Color["GREEN"].hi() == "green"
assert list(Color) == [Color.RED, Color.GREEN] and len(Color) == 2 and "RED" in Color.__members__
assert Num.A + 1 == 2 and Num(2) is Num.B and isinstance(Num.A, int)
assert Text.X == "x" and Text("x") is Text.X and Text.X.upper() == "X"
assert (Perm.R | Perm.W) == rw and Perm.R in rw and (rw & Perm.W) is Perm.W and (rw ^ Perm.R) is Perm.W
assert Planet.EARTH.double == 2 and Planet((1, 2)) is Planet.EARTH
assert by_color[Color.RED] == "r"
assert isinstance(Color.RED, Color) and repr(Color.RED) == "<Color.RED: 1>"
try:
    Color(99)
except ValueError:
    pass
else:
    raise AssertionError

# %% dataclasses
import dataclasses
from typing import List
@dataclasses.dataclass
class A:
    a: int
    b: List[int] = dataclasses.field(default_factory=list)
@dataclasses.dataclass(frozen=True)
class F:
    x: int
@dataclasses.dataclass(order=True)
class O:
    n: int
a, f, o = A(1, [2]), F(3), O(4)
inner = a.b
in_set = {f}
# %% check
assert a == A(1, [2]) and a.b is inner and dataclasses.replace(a, a=5).a == 5 and A(1).b == []
assert f in in_set and hash(f) == hash(F(3)) and o < O(5)
try:
    f.x = 1
except dataclasses.FrozenInstanceError:
    pass
else:
    raise AssertionError
assert [field.name for field in dataclasses.fields(A)] == ["a", "b"]
assert dataclasses.asdict(a) == {"a": 1, "b": [2]}

# %% slots
class S:
    __slots__ = ("a", "__hidden", "unset")
    def __init__(self):
        self.a, self.__hidden = [1], 2
    def hidden(self):
        return self.__hidden
class T(S):
    __slots__ = ("c", "__dict__")
s, t = S(), T()
t.c, t.free = 3, 4
# %% check
assert s.a == [1] and s.hidden() == 2 and not hasattr(s, "unset") and not hasattr(s, "__dict__")
assert t.c == 3 and t.free == 4 and t.__dict__ == {"free": 4} and t.hidden() == 2
try:
    s.nothing = 1
except AttributeError:
    pass
else:
    raise AssertionError

# %% slots of dataclasses
import dataclasses, sys
if sys.version_info >= (3, 10):
    @dataclasses.dataclass(slots=True, frozen=True)
    class D:
        a: int
        b: list
    d = D(1, [2])
# %% check
import sys
if sys.version_info >= (3, 10):
    assert d == D(1, [2]) and d.b == [2] and D.__slots__ == ("a", "b")

# %% named tuples
import collections, typing
Point = collections.namedtuple("Point", "x y", defaults=[0])
class Named(typing.NamedTuple):
    a: int
    b: str = "b"
    def both(self):
        return (self.a, self.b)
p, n = Point(1), Named(2)
class Movie(typing.TypedDict):
    name: str
movie: Movie = {"name": "m"}
# %% check
assert p == (1, 0) and p._replace(y=5).y == 5 and Point._fields == ("x", "y") and isinstance(p, Point)
assert n.both() == (2, "b") and Named(3).b == "b" and n._asdict() == {"a": 2, "b": "b"}
assert Movie(name="x") == {"name": "x"}

# %% abstract base classes
import abc, collections.abc
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
class Square(Shape):
    def __init__(self, n):
        self.n = n
    def area(self):
        return self.n ** 2
class Round:
    pass
Shape.register(Round)
sq = Square(3)
class Box(collections.abc.Sequence):
    def __init__(self, *items):
        self.items = items
    def __len__(self):
        return len(self.items)
    def __getitem__(self, i):
        return self.items[i]
box = Box(1, 2)
# %% check
assert sq.area() == 9 and isinstance(sq, Shape) and issubclass(Round, Shape)
assert 2 in box and list(reversed(box)) == [2, 1] and isinstance(box, collections.abc.Sequence)
try:
    Shape()
except TypeError:
    pass
else:
    raise AssertionError

# %% metaclasses and __init_subclass__ run once only
class Meta(type):
    made = []
    def __new__(mcls, name, bases, ns):
        cls = super().__new__(mcls, name, bases, ns)
        mcls.made.append(name)
        return cls
    def __call__(cls, *args):
        obj = super().__call__(*args)
        obj.stamped = True
        return obj
    @property
    def shout(cls):
        return cls.__name__.upper()
class Thing(metaclass=Meta):
    pass
class Base:
    registry = []
    def __init_subclass__(cls, **kw):
        super().__init_subclass__()
        Base.registry.append(cls)
class One(Base): pass
class Two(Base): pass
thing = Thing()
registry = Base.registry
# %% check
assert Meta.made == ["Thing"] and type(Thing) is Meta and Thing.shout == "THING" and thing.stamped
assert registry is Base.registry and registry == [One, Two]
class Three(Base): pass
assert registry[-1] is Three
assert Thing().stamped

# %% super properties statics descriptors
class Celsius:
    def __set_name__(self, owner, name):
        self.name = "_" + name
    def __get__(self, obj, owner=None):
        return self if obj is None else getattr(obj, self.name, 0)
    def __set__(self, obj, value):
        setattr(obj, self.name, value)
class P:
    temp = Celsius()
    def __init__(self):
        self.v = 1
    def who(self):
        return "P"
    @property
    def double(self):
        return self.v * 2
    @double.setter
    def double(self, value):
        self.v = value // 2
    @staticmethod
    def st(a):
        return a + 1
    @classmethod
    def cm(cls):
        return cls.__name__
class Q(P):
    def who(self):
        return super().who() + "Q"
q = Q()
q.temp = 30
# %% check
assert q.who() == "PQ" and q.double == 2 and Q.st(1) == 2 and Q.cm() == "Q"
q.double = 10
assert q.v == 5 and q.temp == 30 and isinstance(P.__dict__["temp"], Celsius)

# %% cached_property
import functools
class C:
    n = 0
    @functools.cached_property
    def big(self):
        C.n += 1
        return [C.n]
c, fresh = C(), C()
c.big
# %% check
assert c.big == [1] and C.n == 1 and fresh.big == [2]

# %% redefined classes with old instances alive
class V:
    def who(self):
        return "old"
old = V()
# %% cell
class V:
    def who(self):
        return "new"
new = V()
# %% check
assert old.who() == "old" and new.who() == "new" and type(new) is V and type(old) is not V

# %% generics and type parameters
import typing
T = typing.TypeVar("T", bound=int)
class Stack(typing.Generic[T]):
    def __init__(self):
        self.items: typing.List[T] = []
    def push(self, item: T) -> None:
        self.items.append(item)
st = Stack[int]()
st.push(1)
alias = typing.Dict[str, Stack[int]]
UserId = typing.NewType("UserId", int)
class Proto(typing.Protocol):
    def go(self) -> int: ...
@typing.runtime_checkable
class Runs(typing.Protocol):
    def run(self): ...
class Runner:
    def run(self): pass
# %% check
assert st.items == [1] and Stack.__parameters__ == (T,) and Stack[int] is not None
assert typing.get_args(alias)[1].__origin__ is Stack
assert UserId(5) == 5 and T.__bound__ is int and isinstance(Runner(), Runs)

# %% nested and local classes
class Outer:
    class Inner:
        def __init__(self, v):
            self.v = v
    def make(self):
        return self.Inner(7)
def local():
    class Local:
        kind = "local"
    return Local
L1, L2 = local(), local()
l1, l2 = L1(), L2()
inner = Outer.Inner(3)
# %% check
assert inner.v == 3 and type(inner) is Outer.Inner and Outer().make().v == 7
assert type(l1) is L1 and type(l2) is L2 and L1 is not L2

# %% class attributes share with variables
shared = [1]
class K:
    items = shared
    default = None
K.default = K()
k = K.default
# %% check
assert K.items is shared and K.default is k
shared.append(2)
assert K.items == [1, 2]

# %% instances as keys with hash and eq of their class
class Key:
    def __init__(self, n):
        self.n = n
    def __hash__(self):
        return hash(self.n)
    def __eq__(self, other):
        return self.n == other.n
    table = {}
Key.table[Key(1)] = "class"
d = {Key(2): "dict"}
s = {Key(3)}
# %% check
assert Key.table[Key(1)] == "class" and d[Key(2)] == "dict" and Key(3) in s

# %% subclasses of builtin types
class MyList(list):
    pass
class MyDict(dict):
    def __missing__(self, key):
        return key
class MyInt(int):
    pass
class MyStr(str):
    pass
class MyErr(ValueError):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b
ml, md, mi, ms = MyList([1]), MyDict(a=1), MyInt(5), MyStr("x")
ml.tag, md.tag, mi.tag = "l", "d", "i"
me = MyErr(1, 2)
# %% check
assert ml == [1] and ml.tag == "l" and md["zz"] == "zz" and md.tag == "d" and mi + 1 == 6 and mi.tag == "i" and type(ms) is MyStr
assert me.args == (1,) and me.b == 2 and isinstance(me, MyErr)

# %% getattr that recurses on a bare object
class Proxy:
    def __init__(self, target):
        self.target = target
    def __getattr__(self, name):
        return getattr(self.target, name)
p = Proxy([1, 2])
# %% check
assert p.target == [1, 2] and p.count(1) == 1

# %% getstate and setstate (once)
class G:
    def __init__(self):
        self.a, self.handle = 1, "open"
    def __getstate__(self):
        return {"a": self.a}
    def __setstate__(self, state):
        self.a, self.handle = state["a"], "reopened"
class R:
    def __init__(self, v):
        self.v = v
    def __reduce__(self):
        return (R, (self.v + 1,))
g, r = G(), R(1)
# %% check
assert g.a == 1 and g.handle == "reopened" and r.v == 2

# %% exceptions with traceback and cause
try:
    try:
        1 / 0
    except ZeroDivisionError as first:
        raise KeyError("k") from first
except KeyError as error:
    caught = error
# %% check
assert isinstance(caught, KeyError) and caught.args == ("k",)
assert isinstance(caught.__cause__, ZeroDivisionError)

# %% operators of the user's on a class
class Vec:
    __slots__ = ("x",)
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        return Vec(self.x + other.x)
    def __bool__(self):
        raise RuntimeError("no truth")
    def __len__(self):
        raise RuntimeError("no length")
v = [Vec(1), Vec(2)]
# %% check
assert (v[0] + v[1]).x == 3
