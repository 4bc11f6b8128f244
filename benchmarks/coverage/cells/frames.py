# Tables.

# %% library: pandas needs: pyarrow scipy
import numpy as np
import pandas as pd
# %% DataFrame
df = pd.DataFrame({"a": [1, 2, 3], "b": list("xyz"), "c": pd.date_range("2026", periods=3)}, index=[5, 6, 7])
(df.dtypes.to_dict(), df.to_dict(), df.a.sum(), df.loc[6].tolist())
# %% Series
series = pd.Series([1.5, None, 3], name="s", index=list("abc"))
(series.to_dict(), series.mean(), series.name, series.isna().tolist())
# %% attributes of a frame
noted = pd.DataFrame({"a": [1]})
noted.attrs["unit"] = "m"
noted.flags.allows_duplicate_labels = False
(noted.attrs, noted.flags.allows_duplicate_labels)
# %% MultiIndex
multi = pd.DataFrame({"v": range(4)}, index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["l", "n"]))
(multi.loc["a"].v.tolist(), multi.index.names, multi.groupby("l").v.sum().to_dict())
# %% Categorical
categories = pd.Series(pd.Categorical(list("aba"), categories=["b", "a"], ordered=True))
(categories.tolist(), categories.min(), categories.cat.codes.tolist())
# %% DatetimeIndex with a zone
zoned = pd.date_range("2026-03-28", periods=3, freq="D", tz="Europe/Berlin")
(zoned.astype(str).tolist(), zoned.freq, zoned.tz_convert("UTC").astype(str).tolist())
# %% PeriodIndex
periods = pd.period_range("2026-01", periods=3, freq="M")
(periods.astype(str).tolist(), (periods + 1).astype(str).tolist())
# %% TimedeltaIndex
deltas = pd.to_timedelta(["1h", "2h", None])
(deltas.astype(str).tolist(), str(deltas.max()))
# %% IntervalIndex
intervals = pd.cut([1, 5, 9], 3).categories
(str(intervals), intervals.contains(2).tolist())
# %% RangeIndex
ranged = pd.RangeIndex(0, 10, 3)
(ranged, ranged[1], len(ranged))
# %% nullable integers
nullable = pd.array([1, None, 3], dtype="Int64")
(nullable, nullable.sum())
# %% strings
words = pd.Series(["a", None, "bc"], dtype="string")
(words.tolist(), words.str.len().tolist(), words.dtype)
# %% Arrow-backed column
arrowed = pd.Series([1, 2, None], dtype="int64[pyarrow]")
(arrowed.tolist(), arrowed.sum(), arrowed.dtype)
# %% Sparse
sparse = pd.Series(pd.arrays.SparseArray([0, 0, 1, 0]))
(sparse.tolist(), sparse.sparse.density, sparse.dtype)
# %% GroupBy
grouped = pd.DataFrame({"k": list("aab"), "v": [1, 2, 3]}).groupby("k")
(grouped.v.sum().to_dict(), sorted(grouped.groups))
# %% Rolling
rolling = pd.Series(range(5)).rolling(2)
rolling.mean().fillna(-1).tolist()
# %% Resampler
resampled = pd.Series(range(4), index=pd.date_range("2026", periods=4, freq="12h")).resample("D")
resampled.sum().tolist()
# %% Styler
styled = pd.DataFrame({"a": [1, -2]}, index=["r", "s"]).style.format("{:.1f}").map(lambda v: "color: red" if v < 0 else "")
("color: red" in styled.to_html(), "-2.0" in styled.to_html())
# %% Timestamp
moment = pd.Timestamp("2026-01-02 03:04", tz="Asia/Tokyo")
(moment, moment.tz_convert("UTC"), pd.Timedelta("3D") + moment)
# %% DateOffset
offset = pd.offsets.BusinessDay(3)
(offset, offset + pd.Timestamp("2026-01-01"))
# %% head shares memory
whole = pd.DataFrame({"a": [1, 2, 3]})
head = whole.head(2)
(head.a.tolist(), np.shares_memory(whole.a.to_numpy(), head.a.to_numpy()))
# %% option
pd.set_option("display.max_rows", 7)
optioned = 1
pd.get_option("display.max_rows") if optioned else None
# %% ExcelFile-like buffer of CSV
import io
chunks = pd.read_csv(io.StringIO("a,b\n1,2\n3,4\n"), chunksize=1)
[chunk.a.tolist() for chunk in chunks]

# %% library: polars needs: pyarrow numpy
import polars as pl
# %% DataFrame
frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "z"]})
(frame.to_dicts(), frame.schema, frame.filter(pl.col("a") > 1).rows())
# %% Series
column = pl.Series("s", [1.5, None])
(column.to_list(), column.sum(), column.name)
# %% LazyFrame
lazy = pl.LazyFrame({"a": [1, 2, 3]}).filter(pl.col("a") > 1).select(pl.col("a") * 2)
lazy.collect().rows()
# %% Expr
expression = pl.col("a").sum().over("b").alias("c")
(str(expression), pl.DataFrame({"a": [1, 2], "b": [1, 1]}).with_columns(expression)["c"].to_list())
# %% Categorical
kinds = pl.Series(["a", "b", "a"], dtype=pl.Categorical)
(kinds.to_list(), kinds.dtype)
# %% List and Struct
nested = pl.DataFrame({"l": [[1], [2, 3]], "s": [{"x": 1}, {"x": 2}]})
(nested.rows(), nested["l"].list.len().to_list(), nested["s"].struct.field("x").to_list())
# %% GroupBy
bundles = pl.DataFrame({"k": ["a", "a"], "v": [1, 2]}).group_by("k")
bundles.agg(pl.col("v").sum()).rows()
# %% Object column
things = pl.Series([{1}, {2}], dtype=pl.Object)
(things.to_list(), things.dtype)

# %% library: pyarrow needs: numpy
import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
# %% Table
table = pa.table({"a": [1, 2, None], "b": ["x", "y", "z"]})
(table.to_pydict(), table.schema, pc.sum(table["a"]).as_py())
# %% Array
numbers = pa.array([1, None, 3])
(numbers.to_pylist(), numbers.type, numbers.null_count)
# %% slice of an array
sliced = pa.array(range(10))[3:5]
(sliced.to_pylist(), sliced.offset >= 0)
# %% DictionaryArray
encoded = pa.array(["a", "b", "a"]).dictionary_encode()
(encoded.to_pylist(), encoded.indices.to_pylist())
# %% RecordBatch
batch = pa.record_batch({"x": [1, 2]})
(batch.to_pydict(), batch.num_rows)
# %% ChunkedArray
chunked = pa.chunked_array([[1], [2, 3]])
(chunked.to_pylist(), chunked.num_chunks)
# %% Schema
schema = pa.schema([pa.field("a", pa.list_(pa.int8()), metadata={"k": "v"})])
(schema, schema.field("a").metadata)
# %% Buffer
buffer = pa.py_buffer(b"abc")
(buffer.to_pybytes(), buffer.size)
# %% Scalar
arrow_scalar = pa.scalar(3.5)
(arrow_scalar.as_py(), arrow_scalar.type)
# %% compute expression
condition = pc.field("a") > 1
(str(condition), pa.table({"a": [1, 2]}).filter(condition).to_pydict())
# %% InMemoryDataset
dataset = ds.dataset(pa.table({"a": [1, 2]}))
dataset.to_table().to_pydict()

# %% library: xarray needs: numpy pandas dask scipy
import numpy as np, xarray as xr
# %% DataArray
field = xr.DataArray(np.arange(6.0).reshape(2, 3), dims=("y", "x"), coords={"x": [10, 20, 30]}, attrs={"u": "K"}, name="t")
(field.values.tolist(), field.sel(x=20).values.tolist(), field.attrs, field.mean("x").values.tolist())
# %% Dataset
collection = xr.Dataset({"a": ("t", [1, 2]), "b": ((), 3.5)}, coords={"t": [7, 8]})
(collection.a.values.tolist(), float(collection.b), dict(collection.sizes), collection.sel(t=8).a.item())
# %% Variable
variable = xr.Variable(("a",), [1, 2], {"k": 1})
(variable.values.tolist(), variable.attrs, variable.dims)
# %% over dask
parallel = xr.DataArray(np.arange(4), dims="x").chunk({"x": 2})
(parallel.chunks, parallel.sum().compute().item())
# %% GroupBy
monthly = xr.DataArray([1, 2, 3], dims="t", coords={"g": ("t", list("aab"))}).groupby("g")
monthly.sum().values.tolist()
# %% DataTree
tree = xr.DataTree.from_dict({"/": xr.Dataset({"a": 1}), "/child": xr.Dataset({"b": 2})})
(int(tree["a"]), int(tree["child/b"]), sorted(tree.children))

# %% library: dask needs: numpy pandas pyarrow distributed
import dask, dask.array as da, dask.bag as db, dask.dataframe as dd, pandas as pd
# %% Array
lattice = da.arange(10, chunks=5)
(lattice.chunks, int(lattice.sum().compute()))
# %% DataFrame
divided = dd.from_pandas(pd.DataFrame({"a": [1, 2, 3]}), npartitions=2)
(divided.npartitions, int(divided.a.sum().compute()))
# %% Bag
bag = db.from_sequence([1, 2, 3], npartitions=2).map(lambda x: x * 2)
bag.compute(scheduler="sync")
# %% Delayed
@dask.delayed
def add(a, b):
    return a + b
delayed = add(1, add(2, 3))
delayed.compute(scheduler="sync")

# %% library: duckdb needs: pandas numpy
import duckdb
# %% connection in memory
database = duckdb.connect()
created = database.execute("create table t as select 1 as a").fetchall()
database.sql("select a from t").fetchall()
