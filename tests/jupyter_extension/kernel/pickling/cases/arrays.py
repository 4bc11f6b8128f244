# Arrays of numpy and frames of pandas: memory that is shared stays shared.

# %% views across variables needs: numpy
import numpy as np
a = np.arange(100.0)
v = a[10:20]
w = a[::-2]
m = a.reshape(10, 10).T
d = {"v": v, "again": a}
big = np.zeros(1_000_000)
part = big[500:600]
small = np.ones(3)
ro = np.arange(3)
ro.flags.writeable = False
empty = np.empty((0, 3), "f4")
scalar = np.float64(3.5)
zero = np.array(5)
# %% check
assert np.shares_memory(a, v) and np.shares_memory(a, w) and np.shares_memory(a, m) and np.shares_memory(big, part)
assert d["v"] is v and d["again"] is a
a[12] = -1
assert v[2] == -1 and m[2, 1] == -1
part[0] = 7
assert big[500] == 7
assert small.flags.owndata and small.flags.writeable and not ro.flags.writeable
assert w[0] == 99 and w.strides == (-16,) and m.strides == (8, 80)
assert empty.shape == (0, 3) and empty.dtype == "f4" and type(scalar) is np.float64 and scalar == 3.5 and zero.shape == () and zero == 5
small.resize(6)

# %% dtypes needs: numpy
import numpy as np
arrays = [np.arange(5).astype(t) for t in ("?", "i1", "u8", "f2", "f4", "c8", ">i4", "S3", "U4")]
times = np.array(["2024-01-01", "NaT"], "M8[s]")
deltas = np.array([1, 2], "m8[ms]")
rec = np.zeros(3, [("a", "i4"), ("b", "f8", (2,))])
field = rec["a"]
named = np.rec.array([(1, "x")], dtype=[("n", "i4"), ("s", "U1")])
objects = np.array([[1], {"k": 2}, None], dtype=object)
oview = objects[1:]
fortran = np.asfortranarray(np.arange(6).reshape(2, 3))
matrix = np.matrix([[1, 2]])
masked = np.ma.array([1, 2, 3], mask=[0, 1, 0])
constant = np.ma.masked
dt = np.dtype([("a", "i4")])
bcast = np.broadcast_to(np.arange(3), (4, 3))
text = np.array(["a", "bb"], dtype=np.dtypes.StringDType()) if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType") else None
# %% check
assert [str(a.dtype) for a in arrays] == ["bool", "int8", "uint64", "float16", "float32", "complex64", ">i4", "|S3", "<U4"]
assert [a[-1] for a in arrays][1] == 4 and arrays[-1][2] == "2"
assert str(times[0]) == "2024-01-01T00:00:00" and np.isnat(times[1]) and deltas[1] == np.timedelta64(2, "ms")
field[1] = 9
assert rec["a"][1] == 9 and rec["b"].shape == (3, 2) and named.n[0] == 1 and type(named) is np.recarray
objects[1]["k"] = 3
assert oview[0]["k"] == 3 and oview.base is not None
oview[1] = "changed"
assert objects[2] == "changed"
assert fortran.flags.f_contiguous and type(matrix) is np.matrix and (matrix * matrix.T)[0, 0] == 5
assert masked.sum() == 4 and constant is np.ma.masked and dt.names == ("a",) and bcast.strides[0] == 0 and bcast.sum() == 12
assert text is None or list(text) == ["a", "bb"]

# %% arrays over other memory needs: numpy
import numpy as np
ba = bytearray(800)
over = np.frombuffer(ba, "f8")
frozen = np.frombuffer(b"abcdefgh" * 100, "i8")
import mmap
anon = mmap.mmap(-1, 4096)
on_map = np.frombuffer(anon, "u1")
on_map[5] = 9
mv = memoryview(over)[2:4]
# %% check
ba[0:8] = b"\x00" * 6 + b"\xf0\x3f"
assert over[0] == 1.0 and frozen[0] == int.from_bytes(b"abcdefgh", "little") and not frozen.flags.writeable
anon[5:6] = b"\x07"
assert on_map[5] == 7
mv[0] = 2.5
assert over[2] == 2.5

# %% a memory-mapped file needs: numpy
import numpy as np, os, tempfile
path = os.path.join(tempfile.mkdtemp(), "mapped.dat")
mm = np.memmap(path, "f4", "w+", shape=(100, 10))
mm[3, 3] = 5
row = mm[3]
mm.flush()
ro = np.memmap(path, "f4", "r", offset=40, shape=(50,))
# %% check
assert type(mm) is np.memmap and mm.shape == (100, 10) and mm[3, 3] == 5 and np.shares_memory(mm, row)
assert str(mm.filename) == path and mm.mode == "w+"
mm[0, 0] = 8
mm.flush()
assert np.fromfile(path, "f4")[0] == 8
assert not ro.flags.writeable and ro.shape == (50,)
import os
os.remove(path)

# %% generators keep their place needs: numpy
import numpy as np, random
random.seed(5)
np.random.seed(6)
gen = np.random.default_rng(7)
old = np.random.RandomState(8)
r = random.Random(9)
expected = None
states = [random.getstate(), np.random.get_state()[1].tolist(), gen.bit_generator.state]
g2 = np.random.default_rng(7)
first = g2.random()
# %% check
assert random.getstate() == states[0] and np.random.get_state()[1].tolist() == states[1]
assert gen.random() == first and old.rand() == np.random.RandomState(8).rand() and r.random() == random.Random(9).random()

# %% frames share memory needs: pandas
import pandas as pd, numpy as np
df = pd.DataFrame({"a": np.arange(1000.0), "b": np.arange(1000), "s": ["x"] * 1000})
head = df.iloc[:5]
col = df["a"]
values = df["a"].to_numpy()
indexed = df.set_index("b")
copy = df.copy()
cat = pd.Series(["a", "b", "a"], dtype="category")
when = pd.date_range("2024", periods=5, tz="Europe/Paris")
nullable = pd.array([1, None], dtype="Int64")
multi = df.iloc[:4].set_index(["a", "b"])
na = pd.NA
nat = pd.NaT
ts = pd.Timestamp("2024-01-01", tz="UTC")
grouped = df.groupby("s")
df.attrs["unit"] = "m"
# %% check
import numpy as np
assert df.shape == (1000, 3) and np.shares_memory(df["a"].to_numpy(), head["a"].to_numpy())
assert np.shares_memory(values, df["a"].to_numpy()) and not np.shares_memory(copy["a"].to_numpy(), values)
assert list(cat.cat.categories) == ["a", "b"] and str(when.tz) == "Europe/Paris" and nullable.isna().tolist() == [False, True]
assert multi.index.nlevels == 2 and na is pd.NA and nat is pd.NaT and ts.tzinfo is not None
assert grouped["a"].sum().iloc[0] == sum(range(1000)) and df.attrs == {"unit": "m"}
assert df["s"].iloc[5] == "x" and str(df["s"].dtype) == str(copy["s"].dtype)

# %% writing to a frame does not change what copy-on-write keeps apart needs: pandas
import pandas as pd
df = pd.DataFrame({"a": range(10)})
head = df.iloc[:5]
sub = df["a"]
own = pd.DataFrame({"z": [1, 2]})
pd_3 = int(pd.__version__.split(".")[0]) >= 3
# %% check
if pd_3:
    head.iloc[0, 0] = 99
    assert df.iloc[0, 0] == 0, "a write to the head reached the frame"
    df.iloc[1, 0] = 55
    assert sub.iloc[1] == 1, "a write to the frame reached its column"
own.iloc[0, 0] = 7
assert own.iloc[0, 0] == 7

# %% an array whose memory belongs to something that leads back to it needs: numpy
import numpy as np
class Slice:
    pass
whole = np.arange(3.0)
part = Slice()
part.__array_interface__ = whole.__array_interface__
view = np.asarray(part)
part.base = view
# %% check
assert view.tolist() == [0.0, 1.0, 2.0]

# %% limits of a type needs: numpy
import numpy as np
single = np.finfo("f4")
# %% check
assert single.eps == np.finfo("f4").eps and single.max == np.finfo("f4").max and REPORT["lost"] == []

# %% a ufunc made of a function needs: numpy
import numpy as np
digits = np.frompyfunc(lambda a, b: a * 10 + b, 2, 1)
sine = np.sin
# %% check
assert digits(np.array([1, 2]), 3).tolist() == [13, 23] and sine is np.sin

# %% numpy's number that is none needs: numpy
import numpy as np
mapping = {np.nan: "missing"}
objects = np.array([np.nan, "x", None, np.nan], dtype=object)
alone = np.nan
# %% check
assert mapping[np.nan] == "missing" and objects[0] is np.nan and objects[3] is np.nan and alone is np.nan

# %% what a view repeats without memory needs: numpy
import numpy as np
wide = np.broadcast_to(np.float64(1.5), (100_000, 100_000))
overlapping = np.lib.stride_tricks.as_strided(np.arange(10), (8, 3), (8, 8))
# %% check
assert wide.shape == (100_000, 100_000) and wide.strides == (0, 0) and wide[5, 5] == 1.5
assert overlapping.strides == (8, 8) and overlapping[1].tolist() == [1, 2, 3]
