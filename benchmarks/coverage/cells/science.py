# Mathematics, physics, maps and files of the sciences.

# %% library: scipy needs: numpy
import numpy as np
import scipy.sparse, scipy.spatial, scipy.stats, scipy.interpolate, scipy.optimize, scipy.signal, scipy.integrate
# %% csr_matrix
csr = scipy.sparse.random(5, 5, 0.4, "csr", random_state=1)
(csr.toarray().round(6).tolist(), (csr @ np.ones(5)).round(6).tolist())
# %% coo_array
coo = scipy.sparse.coo_array(([1, 2], ([0, 1], [1, 0])), shape=(2, 2))
(coo.toarray().tolist(), coo.nnz)
# %% lil and dok
lil, dok = scipy.sparse.lil_matrix((2, 2)), scipy.sparse.dok_array((2, 2))
lil[0, 1] = dok[1, 0] = 3
(lil.toarray().tolist(), dok.toarray().tolist(), dict(dok))
# %% KDTree
kd = scipy.spatial.KDTree(np.array([[0.0, 0], [1, 1], [2, 2]]))
[part.tolist() for part in kd.query([[0.9, 0.9]], k=2)]
# %% Delaunay
mesh = scipy.spatial.Delaunay(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]))
(mesh.simplices.tolist(), mesh.find_simplex([[0.2, 0.2]]).tolist())
# %% ConvexHull
hull = scipy.spatial.ConvexHull(np.array([[0.0, 0], [0, 2], [2, 0], [0.5, 0.5]]))
(sorted(hull.vertices.tolist()), hull.volume)
# %% Rotation
rotation = scipy.spatial.transform.Rotation.from_euler("z", 90, degrees=True)
rotation.apply([1, 0, 0]).round(6).tolist()
# %% frozen distribution
normal = scipy.stats.norm(1, 2)
(normal.cdf(1), normal.mean(), normal.rvs(2, random_state=1).tolist())
# %% gaussian_kde
kde = scipy.stats.gaussian_kde([1.0, 2, 3, 4])
kde([2.5]).round(9).tolist()
# %% interp1d
linear = scipy.interpolate.interp1d([0, 1, 2], [0, 10, 30])
linear(1.5).tolist()
# %% CubicSpline
spline = scipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4])
(float(spline(1.5)), float(spline.derivative()(1)))
# %% RegularGridInterpolator
grid = scipy.interpolate.RegularGridInterpolator(([0, 1], [0, 1]), np.array([[0.0, 1], [2, 3]]))
grid([[0.5, 0.5]]).tolist()
# %% OptimizeResult
optimum = scipy.optimize.minimize(lambda x: (x[0] - 1) ** 2, [0.0])
(optimum.x.round(4).tolist(), optimum.success)
# %% LinearOperator
operator = scipy.sparse.linalg.LinearOperator((2, 2), matvec=lambda v: v * 2, dtype=float)
operator.matvec(np.array([1.0, 2])).tolist()
# %% splu
factors = scipy.sparse.linalg.splu(scipy.sparse.csc_matrix([[2.0, 0], [0, 4]]))
factors.solve(np.array([2.0, 4])).tolist()
# %% lti
system = scipy.signal.lti([1.0], [1.0, 1.0])
(system.num.tolist(), system.poles.tolist())
# %% OdeSolution
motion = scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], dense_output=True)
(motion.sol(0.5).round(6).tolist(), motion.status)

# %% library: sympy
import sympy as sp
# %% Symbol and expression
x, y = sp.symbols("x y", positive=True)
formula = sp.sin(x) ** 2 + sp.sqrt(y) * sp.pi
(str(formula), str(formula.diff(x)), formula.subs({x: 0, y: 4}), x.is_positive, sp.Symbol("x", positive=True) is x)
# %% Matrix
matrix = sp.Matrix([[1, 2], [3, 4]])
(matrix.det(), matrix.inv(), matrix.eigenvals())
# %% Function
u, t = sp.Function("u"), sp.Symbol("t")
equation = sp.Eq(u(t).diff(t), -u(t))
str(sp.dsolve(equation))
# %% Poly
poly = sp.Poly("z**2 - 1", sp.Symbol("z"))
(poly.all_coeffs(), sorted(poly.all_roots()))
# %% Integral
integral = sp.Integral(sp.exp(-sp.Symbol("w") ** 2), (sp.Symbol("w"), -sp.oo, sp.oo))
(str(integral), integral.doit())
# %% lambdify
compiled = sp.lambdify(sp.Symbol("q"), sp.Symbol("q") ** 2 + 1, "math")
compiled(3)
# %% Piecewise
piecewise = sp.Piecewise((0, sp.Symbol("r") < 0), (1, True))
(piecewise.subs(sp.Symbol("r"), -1), piecewise.subs(sp.Symbol("r"), 1))
# %% Dummy and Wild
dummy, wild = sp.Dummy("d"), sp.Wild("w")
(dummy == dummy, (sp.Symbol("e") ** 2).match(wild ** 2), sp.Dummy("d") == dummy)
# %% FiniteSet and Interval
union = sp.Union(sp.Interval(0, 1), sp.FiniteSet(5))
(union, union.contains(sp.Rational(1, 2)), union.measure)

# %% library: networkx needs: numpy scipy
import networkx as nx
# %% Graph
graph = nx.karate_club_graph()
(graph.number_of_edges(), nx.shortest_path(graph, 0, 33), sorted(graph[0])[:3], graph.nodes[0])
# %% DiGraph
digraph = nx.DiGraph([("a", "b"), ("b", "c")])
digraph.edges["a", "b"]["w"] = 2
(list(nx.topological_sort(digraph)), digraph.edges(data=True))
# %% MultiDiGraph
multigraph = nx.MultiDiGraph([(1, 2, "k"), (1, 2, "l")])
(list(multigraph.edges(keys=True)), multigraph.number_of_edges(1, 2))
# %% subgraph view
parent = nx.path_graph(5)
part = parent.subgraph([0, 1, 2])
(list(part.edges), parent.remove_edge(0, 1), list(part.edges))

# %% library: shapely needs: numpy
import shapely, shapely.geometry as sg, shapely.prepared
# %% Polygon
polygon = sg.Polygon([(0, 0), (0, 2), (2, 2), (2, 0)], holes=[[(0.5, 0.5), (0.5, 1), (1, 1)]])
(polygon.wkt, polygon.area, polygon.contains(sg.Point(1.5, 1.5)))
# %% Point with z
point = sg.Point(1, 2, 3)
(point.wkt, point.z, point.buffer(1).area)
# %% MultiLineString
lines = sg.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])
(lines.wkt, lines.length)
# %% STRtree
index = shapely.STRtree([sg.Point(i, i) for i in range(5)])
index.query(sg.box(1, 1, 2, 2)).tolist()
# %% prepared geometry
prepared = shapely.prepared.prep(sg.box(0, 0, 1, 1))
prepared.contains(sg.Point(0.5, 0.5))

# %% library: geopandas needs: shapely pandas pyogrio
import geopandas as gpd
from shapely.geometry import Point, box
# %% GeoDataFrame
places = gpd.GeoDataFrame({"n": ["a", "b"]}, geometry=[Point(0, 0), Point(1, 1)], crs=4326)
(places.crs.to_epsg(), places.geometry.x.tolist(), places.to_crs(3857).geometry.x.round(2).tolist(), type(places).__name__)
# %% GeoSeries
boxes = gpd.GeoSeries([box(0, 0, 1, 1)], crs=3857)
(boxes.area.tolist(), boxes.sindex.query(Point(0.5, 0.5)).tolist())
# %% CRS
import pyproj
crs = pyproj.CRS(4326)
(crs.name, crs == pyproj.CRS("EPSG:4326"))
# %% Transformer
transformer = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
tuple(round(v, 3) for v in transformer.transform(1, 1))

# %% library: astropy needs: numpy
import numpy as np
import astropy.units as u, astropy.constants as const
from astropy import coordinates, cosmology, io, modeling, table, time, wcs
from astropy.io import fits
# %% Quantity
speed = np.array([1.0, 2.0]) * u.km / u.s
(speed.to(u.m / u.s).value.tolist(), str(speed.unit), (speed * 2).sum())
# %% Constant
light = const.c
(light.value, light.unit, (light * u.s).to(u.m).value)
# %% Table
sources = table.Table({"a": [1, 2], "b": ["x", "y"]}, meta={"k": 1})
sources["a"].unit = "m"
([tuple(row) for row in sources], sources.meta, sources["a"].unit)
# %% QTable
quantities = table.QTable({"v": [1, 2] * u.m})
(quantities["v"].to(u.cm).value.tolist(), sorted(quantities.colnames))
# %% Time
epoch = time.Time("2026-01-01T00:00:00", scale="utc")
(epoch.iso, epoch.jd, (epoch + 1 * u.day).iso)
# %% SkyCoord
star = coordinates.SkyCoord(10.5 * u.deg, 41.2 * u.deg, frame="icrs")
(star.galactic.l.deg.round(6), star.to_string())
# %% WCS
world = wcs.WCS(naxis=2)
world.wcs.crpix, world.wcs.cdelt, world.wcs.ctype = [1, 1], [0.1, 0.1], ["RA---TAN", "DEC--TAN"]
(world.wcs.crpix.tolist(), world.wcs_pix2world([[2, 2]], 1).round(6).tolist())
# %% Celprm
celestial = wcs.WCS(naxis=2).wcs.cel
(celestial.ref, celestial.offset)
# %% HDUList
hdus = fits.HDUList([fits.PrimaryHDU(np.arange(4).reshape(2, 2)), fits.ImageHDU(np.ones(2), name="e")])
(hdus[0].data.tolist(), hdus["E"].data.tolist(), hdus[0].header["NAXIS1"])
# %% model
gaussian = modeling.models.Gaussian1D(2, 1, 0.5)
(gaussian(1.0), gaussian.amplitude.value)
# %% cosmology
planck = cosmology.FlatLambdaCDM(H0=70, Om0=0.3)
(planck.H0, round(planck.age(0).value, 6))

# %% library: pint
import pint
# %% UnitRegistry
registry = pint.UnitRegistry()
registry.define("dog_year = 52 * day")
length = 3 * registry.meter
(str(length.to("cm")), str((1 * registry.dog_year).to("day")), length._REGISTRY is registry)

# %% library: h5py needs: numpy
import h5py, numpy as np, os, tempfile
folder = tempfile.mkdtemp()
# %% File for reading
source = os.path.join(folder, "r.h5")
with h5py.File(source, "w") as writing:
    writing["d"] = np.arange(3)
    writing["g/e"] = [1.5]
reading = h5py.File(source, "r")
(sorted(reading), reading["d"][:].tolist(), reading["g/e"][0])
# %% File for writing
appended = h5py.File(os.path.join(folder, "w.h5"), "w")
appended["d"] = np.arange(3)
(appended["d"][:].tolist(), appended.mode)
# %% File in memory
volatile = h5py.File("memory.h5", "w", driver="core", backing_store=False)
volatile["d"] = np.arange(3)
volatile.attrs["k"] = "v"
(volatile["d"][:].tolist(), volatile.attrs["k"])
# %% Dataset and Group
with h5py.File(os.path.join(folder, "d.h5"), "w") as filling:
    filling["g/d"] = np.arange(4)
handle = h5py.File(os.path.join(folder, "d.h5"), "r")
dataset, group = handle["g/d"], handle["g"]
(dataset[1:3].tolist(), dataset.name, sorted(group), dataset.file == handle)
# %% special dtype
variable = h5py.string_dtype("utf-8")
(variable, h5py.check_string_dtype(variable))

# %% library: zarr needs: numpy
import zarr, numpy as np, os, tempfile
# %% Array in memory
zarray = zarr.array(np.arange(6).reshape(2, 3), chunks=(1, 3))
(zarray[:].tolist(), zarray.chunks)
# %% Array on disk
stored = zarr.create_array(os.path.join(tempfile.mkdtemp(), "z"), shape=(3,), dtype="i4", chunks=(2,))
stored[:] = [1, 2, 3]
stored[:].tolist()
# %% Group
root = zarr.group()
inner = root.create_array("a", shape=(2,), dtype="f8")
inner[:] = 1.5
(root["a"][:].tolist(), sorted(root.array_keys()))
