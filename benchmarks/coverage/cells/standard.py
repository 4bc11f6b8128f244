# The standard library.

# %% library: python
import abc, argparse, array, asyncio, bisect, collections, contextlib, contextvars, copy, csv, ctypes, dataclasses, datetime, decimal
import difflib, email.message, enum, fractions, functools, graphlib, hashlib, heapq, http.cookiejar, inspect, io, ipaddress, itertools, json
import logging, mmap, operator, os, pathlib, queue, random, re, shelve, sqlite3, string, struct, tempfile, textwrap, threading, time, types
import typing, unittest.mock, uuid, weakref, xml.etree.ElementTree, zipfile, zlib, zoneinfo
from concurrent.futures import ThreadPoolExecutor
# %% function and closure
def counter():
    count = 0
    def step():
        nonlocal count
        count += 1
        return count
    return step, lambda: count
step, seen = counter()
(step(), step(), seen())
# %% function with globals
factor = 3
def scaled(value):
    return value * factor
(scaled(2), globals().__setitem__("factor", 10), scaled(2))
# %% class, instance and subclass
class Animal:
    kinds = []
    def __init__(self, name):
        self.name = name
        self.kinds.append(name)
    @property
    def loud(self):
        return self.name.upper()
class Cat(Animal):
    def __init__(self, name):
        super().__init__(name)
cat = Cat("tom")
(cat.loud, Animal.kinds, isinstance(cat, Animal), Cat("b").kinds)
# %% dataclass with slots
@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Pair:
    a: int
    b: list = dataclasses.field(default_factory=list, compare=False)
pair = Pair(1)
(pair, dataclasses.replace(pair, a=2), pair < Pair(2), hash(pair) == hash(Pair(1)))
# %% NamedTuple
class Coordinate(typing.NamedTuple):
    x: int
    y: int = 0
where = Coordinate(1)
(where, where._replace(y=3), where.x)
# %% Enum and Flag
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
    @property
    def low(self):
        return self.name.lower()
class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()
colour, rights = Colour.RED, Rights.READ | Rights.WRITE
(colour is Colour.RED, colour.low, rights, Rights.READ in rights, Colour(2))
# %% abstract class
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
class Square(Shape):
    def area(self):
        return 4
registered = Shape.register(int)
(Square().area(), isinstance(3, Shape), inspect.isabstract(Shape))
# %% metaclass
class Counting(type):
    made = 0
    def __call__(cls, *args):
        Counting.made += 1
        return super().__call__(*args)
class Counted(metaclass=Counting):
    pass
counted = Counted()
(Counting.made, type(Counted) is Counting, Counted() is not counted, Counting.made)
# %% lru_cache
@functools.lru_cache(maxsize=10)
def slow(n):
    return n * 2
warmed = slow(4)
(slow(4), slow.cache_parameters(), slow.__wrapped__(5))
# %% singledispatch
@functools.singledispatch
def kind(value):
    return "any"
@kind.register
def _of_int(value: int):
    return "int"
(kind("a"), kind(1))
# %% partial and partialmethod
doubled = functools.partial(operator.mul, 2)
(doubled(4), doubled.args)
# %% cached_property
class Lazy:
    @functools.cached_property
    def value(self):
        return [1]
lazy = Lazy()
first = lazy.value
(lazy.value is first, Lazy().value)
# %% contextmanager
@contextlib.contextmanager
def tagged(name):
    yield f"<{name}>"
def use_tag():
    with tagged("b") as tag:
        return tag
use_tag()
# %% generic class and TypeVar
T = typing.TypeVar("T")
class Box(typing.Generic[T]):
    def __init__(self, item: T):
        self.item = item
box = Box[int](3)
(box.item, Box[int].__args__, Box.__parameters__ == (T,))
# %% collections
deque, defaults = collections.deque([1, 2], maxlen=2), collections.defaultdict(list, a=[1])
ordered, tally, chain = collections.OrderedDict(b=1, a=2), collections.Counter("aab"), collections.ChainMap({"a": 1}, {"b": 2})
(deque.append(3), deque, defaults["new"], ordered, tally.most_common(1), chain["b"], chain.maps[0])
# %% cycle and shared reference
ring = {"self": None, "items": [1]}
ring["self"] = ring
alias = ring["items"]
(ring["self"] is ring, alias.append(2), ring["items"])
# %% deep nesting
deep = []
for _level in range(20000):
    deep = [deep]
def depth(value):
    count = 0
    while value:
        value, count = value[0], count + 1
    return count
depth(deep)
# %% weak references
class Target:
    pass
target = Target()
pointing, cache = weakref.ref(target), weakref.WeakValueDictionary(t=target)
(pointing() is target, cache["t"] is target, len(weakref.WeakSet([target])))
# %% date and time
moment = datetime.datetime(2026, 3, 29, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
(moment, moment.astimezone(datetime.timezone.utc), datetime.timedelta(1) + moment, time.gmtime(0))
# %% Decimal and Fraction
exact, ratio = decimal.Decimal("1.10"), fractions.Fraction(1, 3)
(exact + 1, ratio * 3, decimal.Context(prec=3).divide(1, 3))
# %% regular expression and match
pattern = re.compile(r"(?P<y>\d+)-(\d+)", re.I)
match = pattern.search("on 2026-11")
(match.group("y"), match.span(), pattern.sub("x", "1-2"))
# %% bytes, bytearray and memoryview
raw = bytearray(b"abcdef")
window = memoryview(raw)[1:3]
(bytes(window), raw.__setitem__(1, 90), bytes(window))
# %% array and struct
machine, layout = array.array("d", [1.5, 2.5]), struct.Struct("<ih")
(machine.tolist(), layout.pack(1, 2))
# %% iterators
walking, counting, chained = iter([1, 2, 3]), itertools.count(5), itertools.chain([1], [2])
used = next(walking), next(counting), next(chained)
(next(walking), next(counting), next(chained))
# %% map, filter, zip and enumerate
mapped, filtered, zipped = map(str, [1, 2]), filter(None, [0, 1, 2]), zip([1, 2], "ab")
begun = next(mapped), next(filtered), next(zipped)
(list(mapped), list(filtered), list(zipped))
# %% cycle, islice, groupby and tee
again, some = itertools.cycle("ab"), itertools.islice(range(9), 2, 8, 2)
left, right = itertools.tee([1, 2, 3])
started = next(again), next(some), next(left)
(next(again), list(some), list(left), list(right))
# %% generator
generator = (n * n for n in range(5))
advanced = next(generator)
next(generator)
# %% coroutine
async def answer():
    return 42
coroutine = answer()
asyncio.iscoroutinefunction(answer) and coroutine.close()
# %% random
dice = random.Random(3)
(dice.random(), dice.sample(range(9), 3))
# %% StringIO and BytesIO
text, binary = io.StringIO("one\ntwo"), io.BytesIO(b"xyz")
read = text.readline(), binary.read(1)
(text.read(), binary.read())
# %% open file
path = pathlib.Path(tempfile.mkdtemp(), "f.txt")
written = path.write_text("first\nsecond\n")
file = open(path)
line = file.readline()
(file.readline(), file.name == str(path))
# %% file being written
log = open(pathlib.Path(tempfile.mkdtemp(), "log"), "w")
chars = log.write("not flushed")
(log.name.endswith("log"), log.mode, log.closed)
# %% TemporaryDirectory and NamedTemporaryFile
scratch = tempfile.NamedTemporaryFile("w+", suffix=".x")
size = scratch.write("content")
scratch.flush()
(scratch.seek(0), scratch.read(), scratch.name.endswith(".x"))
# %% Path and PurePath
home = pathlib.Path("/tmp") / "a.txt"
(home, home.suffix, home.with_suffix(".b"))
# %% sqlite3 in memory
database = sqlite3.connect(":memory:")
inserted = database.executescript("create table t (a); insert into t values (7);").close()
database.execute("select a from t").fetchall()
# %% sqlite3 cursor
held = sqlite3.connect(":memory:")
cursor = held.execute("select 1 union select 2")
cursor.fetchall()
# %% logger with a handler
logger = logging.getLogger("coverage.row")
stream = io.StringIO()
logger.addHandler(logging.StreamHandler(stream))
logger.setLevel(logging.INFO)
(logger.info("said %s", 1), stream.getvalue(), logging.getLogger("coverage.row") is logger)
# %% locks
lock, reentrant, event, semaphore = threading.Lock(), threading.RLock(), threading.Event(), threading.Semaphore(2)
(lock.acquire(False), reentrant.acquire(False), event.set(), event.is_set(), semaphore.acquire(False))
# %% Queue
waiting = queue.Queue()
put = waiting.put(1), waiting.put("b")
(waiting.get_nowait(), waiting.qsize(), waiting.get_nowait())
# %% ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(pow, 2, 3).result(10)
# %% thread-local and contextvar
local, variable = threading.local(), contextvars.ContextVar("v", default=0)
local.a = 1
variable.set(5)
(local.a, variable.get())
# %% running thread
stop = threading.Event()
thread = threading.Thread(target=stop.wait, args=(30,), daemon=True)
running = thread.start()
(stop.set(), thread.join(30))
# %% socket
import socket
connected, other = socket.socketpair()
(connected.send(b"x"), other.recv(1))
# %% subprocess
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "pass"])
child.wait(30)
# %% hash object
digest = hashlib.sha256(b"a")
(digest.update(b"b"), digest.hexdigest()[:8])
# %% zlib compressor
packer = zlib.compressobj()
packed = packer.compress(b"aaa")
packer.flush() != b""
# %% ZipFile
memory = io.BytesIO()
archive = zipfile.ZipFile(memory, "w")
stored = archive.writestr("a", "text")
(archive.namelist(), archive.read("a"))
# %% ElementTree
root = xml.etree.ElementTree.fromstring("<a><b k='v'/></a>")
(root[0].get("k"), xml.etree.ElementTree.tostring(root))
# %% ArgumentParser
parser = argparse.ArgumentParser(prog="p")
option = parser.add_argument("--n", type=int, default=2)
(parser.parse_args(["--n", "5"]), parser.format_usage())
# %% EmailMessage
message = email.message.EmailMessage()
message["Subject"] = "s"
message.set_content("body")
(message["Subject"], message.get_content())
# %% csv reader
rows = csv.reader(["a,b", "c,d"])
head = next(rows)
list(rows)
# %% ctypes structure
class Native(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double)]
native = Native(1, 2.5)
(native.a, native.b, ctypes.sizeof(Native))
# %% mmap
anonymous = mmap.mmap(-1, 10)
moved = anonymous.write(b"hello")
(anonymous[:5], anonymous.tell())
# %% Mock
mock = unittest.mock.Mock(return_value=3)
called = mock("x")
(mock("y"), mock.call_count, mock.call_args_list[0])
# %% UUID and ip_address
identifier, address = uuid.UUID(int=5), ipaddress.ip_network("10.0.0.0/30")
(identifier, len(list(address.hosts())))
# %% exception with its traceback
try:
    1 / 0
except ZeroDivisionError as error:
    caught = error
(type(caught), caught.args)
# %% SimpleNamespace and module
space, made = types.SimpleNamespace(a=[1]), types.ModuleType("made")
made.value = space.a
(space, made.value is space.a, made.__name__)
# %% bound method and operator
method, getter = [3, 1, 2].index, operator.attrgetter("a.b")
(method(1), getter(types.SimpleNamespace(a=types.SimpleNamespace(b=5))))
# %% asyncio primitives
async_queue, async_lock = asyncio.Queue(), asyncio.Lock()
filled = async_queue.put_nowait(1)
(async_queue.get_nowait(), async_lock.locked())
# %% TopologicalSorter
sorter = graphlib.TopologicalSorter({"b": {"a"}})
list(sorter.static_order())
# %% object with __slots__ and __getstate__
class Picky:
    __slots__ = ("a", "cache")
    def __init__(self):
        self.a, self.cache = 1, object()
    def __getstate__(self):
        return {"a": self.a}
    def __setstate__(self, state):
        self.a, self.cache = state["a"], "rebuilt"
picky = Picky()
picky.a
