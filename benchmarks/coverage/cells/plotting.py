# Charts and what is shown in a page.

# %% library: matplotlib needs: numpy
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, matplotlib.animation, matplotlib.colors, numpy as np, io
def png(figure):
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return len(out.getvalue())
# %% Figure
from matplotlib.figure import Figure
figure = Figure()
lines = figure.add_subplot().plot([1, 2], [3, 4], "r--", label="l")
(figure.axes[0].lines[0].get_xydata().tolist(), lines[0] is figure.axes[0].lines[0], png(figure))
# %% pyplot figure
current, axes = plt.subplots(1, 2, num=7)
bars = axes[0].bar(["a", "b"], [1, 2])
(plt.fignum_exists(7), plt.figure(7) is current, [b.get_height() for b in bars], png(current))
# %% Axes with a scale, a legend and text
scaled, scale = plt.subplots()
scale.set(yscale="log", title="t", xlim=(0, 3))
scale.plot([1, 2], [1, 100], label="q")
legend = scale.legend()
(scale.get_yscale(), scale.get_title(), legend.get_texts()[0].get_text(), png(scaled))
# %% imshow with a colorbar
pictured, picture = plt.subplots()
image = picture.imshow(np.arange(4).reshape(2, 2), cmap="magma")
colorbar = pictured.colorbar(image)
(image.get_array().tolist(), colorbar.mappable is image, image.cmap.name, png(pictured))
# %% Axes3D
solid = plt.figure()
space = solid.add_subplot(projection="3d")
surface = space.plot_surface(*np.meshgrid([0, 1], [0, 1]), np.ones((2, 2)))
(space.elev, png(solid))
# %% callback
clicked = []
listening, _axes = plt.subplots()
connection = listening.canvas.mpl_connect("key_press_event", lambda event: clicked.append(event.key))
(listening.canvas.callbacks.process("key_press_event", matplotlib.backend_bases.KeyEvent("key_press_event", listening.canvas, "x")), clicked)
# %% Animation
animated, plane = plt.subplots()
dot, = plane.plot([0], [0])
animation = matplotlib.animation.FuncAnimation(animated, lambda i: dot.set_data([i], [i]), frames=2, blit=False)
(animation._func(1), dot.get_xdata())
# %% Colormap and Normalize
colormap = matplotlib.colors.ListedColormap(["r", "g"], name="mine")
norm = matplotlib.colors.LogNorm(1, 100)
(colormap(0), float(norm(10)))
# %% rcParams
plt.rcParams["lines.linewidth"] = 4.5
width = 1
plt.rcParams["lines.linewidth"] if width else None

# %% library: seaborn needs: pandas matplotlib
import matplotlib
matplotlib.use("agg")
import pandas as pd, seaborn as sns, seaborn.objects as so
DATA = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 1, 4, 3], "c": list("xxyy")})
# %% axes of a plot
scatter = sns.scatterplot(DATA, x="a", y="b", hue="c")
(scatter.get_xlabel(), scatter.collections[0].get_offsets().tolist())
# %% FacetGrid
facets = sns.FacetGrid(DATA, col="c").map(sns.histplot, "a")
(len(facets.axes.flat), facets.axes.flat[0].get_title(), type(facets.figure).__name__)
# %% PairGrid
pairs = sns.pairplot(DATA[["a", "b"]])
pairs.axes.shape
# %% Plot
plot = so.Plot(DATA, x="a", y="b").add(so.Line())
type(plot.plot()).__name__
# %% theme
sns.set_theme(style="darkgrid", palette="deep")
theme = 1
(matplotlib.rcParams["axes.facecolor"], theme)

# %% library: plotly needs: numpy pandas
import json, plotly.graph_objects as go, plotly.express as px
def told(figure):
    return json.dumps(json.loads(figure.to_json()), sort_keys=True)
# %% Figure
figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="n"), layout={"title": {"text": "t"}})
(told(figure), figure.data[0].name, figure.update_layout(width=300).layout.width)
# %% express
expressed = px.bar(x=["a", "b"], y=[1, 2])
told(expressed)
# %% template
template = go.layout.Template(layout={"font": {"size": 20}})
template.layout.font.size

# %% library: altair needs: pandas
import altair as alt, pandas as pd
# %% Chart
chart = alt.Chart(pd.DataFrame({"a": [1, 2], "b": [3, 4]})).mark_point().encode(x="a:Q", y="b:Q")
(chart.to_json(), chart.properties(width=100).width)
# %% LayerChart with a parameter
brush = alt.selection_interval(name="b")
layered = alt.layer(alt.Chart("u").mark_line(), alt.Chart("u").mark_point().add_params(brush))
layered.to_json()
# %% theme
options = alt.data_transformers.disable_max_rows()
alt.data_transformers.options

# %% library: bokeh needs: numpy pandas
import bokeh.plotting as bp, bokeh.models as bm, bokeh.embed
# %% figure
figure = bp.figure(title="t", width=300)
renderer = figure.line([1, 2], [3, 4])
(figure.title.text, figure.renderers[0] is renderer, renderer.data_source.data, len(bokeh.embed.json_item(figure)["doc"]["roots"]))
# %% ColumnDataSource
source = bm.ColumnDataSource({"a": [1, 2]})
source.stream({"a": [3]})
(list(source.data["a"]), source.column_names)
# %% layout
layout = bokeh.layouts.column(bm.Slider(start=0, end=1, value=0.5, step=0.1), bm.Div(text="d"))
(layout.children[0].value, layout.children[1].text)
# %% callback of a property
seen = []
slider = bm.Slider(start=0, end=10, value=1)
slider.on_change("value", lambda attribute, old, new: seen.append(new))
(setattr(slider, "value", 5), seen)

# %% library: ipywidgets
import ipywidgets as w
# %% IntSlider with an observer
moved = []
slider = w.IntSlider(value=3, max=20)
slider.observe(lambda change: moved.append(change["new"]), "value")
(setattr(slider, "value", 8), moved, slider.max, len(slider.model_id))
# %% VBox
children = [w.Text("a"), w.Checkbox(True)]
box = w.VBox(children)
(box.children[0] is children[0], box.children[1].value)
# %% interactive
interactive = w.interactive(lambda x: x * 2, x=(0, 10))
(setattr(interactive.children[0], "value", 7), interactive.kwargs, interactive.update(), interactive.result)
# %% linked widgets
left, right = w.IntText(1), w.IntText(2)
link = w.link((left, "value"), (right, "value"))
(setattr(left, "value", 9), right.value)
# %% Output
output = w.Output()
output.append_stdout("hello")
output.outputs
# %% Button
pressed = []
button = w.Button(description="b")
button.on_click(lambda b: pressed.append(b.description))
(button.click(), pressed)

# %% library: rich
import rich.console, rich.table, rich.tree, rich.text, io
# %% Table
table = rich.table.Table("a", "b", title="t")
table.add_row("1", "2")
(table.row_count, [c.header for c in table.columns])
# %% Tree
tree = rich.tree.Tree("root")
branch = tree.add("child")
(tree.children[0] is branch, branch.label)
# %% Console
console = rich.console.Console(width=40, file=io.StringIO())
(console.print("[b]x[/b]"), console.file.getvalue(), console.width)

# %% library: tqdm
import tqdm, io
# %% bar under way
bar = tqdm.tqdm(total=10, file=io.StringIO())
progressed = bar.update(4)
(bar.n, bar.total, (bar.update(2), bar.n)[1])
