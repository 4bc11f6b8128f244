# Arrays and frames.

# %% library: numpy
import numpy as np
# %% ndarray
array = np.arange(12.0).reshape(3, 4)
(array.tolist(), (array @ array.T).tolist())
# %% view of an array
base = np.arange(10)
view = base[2:5]
(view.tolist(), view.__setitem__(0, 99), base[2], np.shares_memory(base, view))
# %% structured array
structured = np.array([(1, 2.5, "a")], dtype=[("i", "i4"), ("f", "f8"), ("s", "U3")])
(structured.tolist(), structured.dtype, structured["f"].sum())
# %% recarray
records = np.rec.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")])
(records.a.tolist(), records.b.sum(), type(records).__name__)
# %% masked array
masked = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0], fill_value=-1)
(masked.sum(), masked.filled().tolist(), masked.mask.tolist())
# %% array of objects
objects = np.array([[1], "a", None], dtype=object)
(objects.tolist(), objects[0] is objects[0])
# %% array of strings
texts = np.array(["a", "longer"], dtype=np.dtypes.StringDType())
(texts.tolist(), np.strings.upper(texts).tolist())
# %% datetime64
moments = np.array(["2026-01-01", "NaT"], dtype="M8[D]")
(moments.astype(str).tolist(), str(moments[0] + np.timedelta64(1, "D")))
# %% Fortran order
fortran = np.asfortranarray(np.arange(6).reshape(2, 3))
(fortran.tolist(), fortran.flags.f_contiguous, fortran.strides)
# %% read-only and broadcast
broad = np.broadcast_to(np.arange(3), (2, 3))
(broad.tolist(), broad.flags.writeable, broad.strides)
# %% Generator
generator = np.random.default_rng(1)
(generator.random(3).tolist(), generator.integers(0, 100, 3).tolist())
# %% RandomState
state = np.random.RandomState(4)
(state.normal(size=2).tolist(), state.permutation(4).tolist())
# %% SeedSequence
seeds = np.random.SeedSequence(5)
(seeds.entropy, seeds.spawn(2)[1].generate_state(2).tolist())
# %% Polynomial
polynomial = np.polynomial.Polynomial([1, 2, 3])
(polynomial(2.0), polynomial.deriv().coef.tolist())
# %% poly1d
classic = np.poly1d([1, 0, -1])
(classic(3), sorted(classic.roots.tolist()))
# %% vectorize
clipped = np.vectorize(lambda x: min(x, 2))
clipped(np.arange(4)).tolist()
# %% ufunc from a function
custom = np.frompyfunc(lambda a, b: a * 10 + b, 2, 1)
custom(np.array([1, 2]), 3).tolist()
# %% dtype
dtype = np.dtype([("a", "<i4"), ("b", "f4", (2,))], align=True)
(dtype, dtype.itemsize)
# %% scalar
scalar = np.float32(1.5)
(scalar, scalar.dtype)
# %% memmap
import tempfile, os
mapped = np.memmap(os.path.join(tempfile.mkdtemp(), "m"), dtype="i4", mode="w+", shape=(3,))
mapped[:] = [1, 2, 3]
mapped.flush()
(mapped.tolist(), type(mapped).__name__)
# %% nditer
walker = np.nditer(np.arange(3))
[int(x) for x in walker]
# %% finfo
precision = np.finfo("f4")
(precision.eps, precision.dtype)
# %% subclass of ndarray
class Named(np.ndarray):
    def __array_finalize__(self, obj):
        self.label = getattr(obj, "label", None)
named = np.arange(3).view(Named)
named.label = "n"
(named.tolist(), named.label, named[1:].label)
