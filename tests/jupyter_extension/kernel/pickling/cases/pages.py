# What is on the page: widgets and figures.

# %% widgets with observers keep their ids needs: ipywidgets IPython
import ipywidgets as w
slider = w.IntSlider(value=3, description="n")
label = w.Label("x")
box = w.VBox([slider, label])
seen = []
def on_change(change):
    seen.append(change["new"])
    label.value = str(change["new"])
slider.observe(on_change, "value")
button = w.Button()
clicks = []
button.on_click(lambda b: clicks.append(b))
link = w.jslink((slider, "value"), (w.IntText(), "value"))
ids = (slider.model_id, box.model_id)
@w.interact(a=5)
def shown(a):
    return a
import ipywidgets.widgets.widget as module
count = len(getattr(module, "_instances", w.Widget.widgets if hasattr(w.Widget, "widgets") else ()))
# %% check
import ipywidgets.widgets.widget as module
assert (slider.model_id, box.model_id) == ids and slider.value == 3 and box.children == (slider, label)
slider.value = 8
assert seen == [8] and label.value == "8"
button.click()
assert clicks == [button]
assert len(module._instances) >= count and module._instances[slider.model_id] is slider

# %% widgets of the user's own class needs: ipywidgets traitlets
import ipywidgets as w, traitlets
class Mine(w.VBox):
    level = traitlets.Int(1).tag(sync=True)
    def __init__(self, **kw):
        self.log_ = []
        super().__init__(**kw)
    @traitlets.observe("level")
    def _level(self, change):
        self.log_.append(change["new"])
class Plain(traitlets.HasTraits):
    n = traitlets.Int(2)
    @traitlets.default("n")
    def _n(self):
        return 7
    @traitlets.validate("n")
    def _check(self, proposal):
        return max(0, proposal["value"])
mine, plain, other = Mine(level=3), Plain(), Plain(n=4)
# %% check
mine.level = 5
assert mine.log_[-1] == 5 and isinstance(mine, w.VBox)
plain.n = -3
assert plain.n == 0 and other.n == 4 and Plain().n == 7

# %% figures and settings of matplotlib needs: matplotlib
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
plt.rcParams["lines.linewidth"] = 7
rc = plt.rcParams
fig, ax = plt.subplots(num=4)
line, = ax.plot([1, 2, 3], label="l")
ax.legend()
clicked = []
def on_click(event):
    clicked.append(event)
cid = fig.canvas.mpl_connect("button_press_event", on_click)
free = matplotlib.figure.Figure()
free.add_subplot().plot([1])
# %% check
import io
import matplotlib, matplotlib.pyplot as plt
assert matplotlib.get_backend().lower() == "agg" and plt.rcParams["lines.linewidth"] == 7 and rc is plt.rcParams
assert plt.get_fignums() == [4] and plt.figure(4) is fig and fig.axes[0] is ax and ax.lines[0] is line
fig.savefig(io.BytesIO())
matplotlib.backend_bases.MouseEvent("button_press_event", fig.canvas, 1, 1, 1)._process()
assert len(clicked) == 1 and clicked[0].canvas is fig.canvas
line.set_ydata([4, 5, 6])
fig.canvas.draw()
assert free.axes and list(line.get_ydata()) == [4, 5, 6]

# %% options and accessors of pandas and numpy needs: pandas
import pandas as pd, numpy as np
pd.options.display.max_rows = 17
pd.set_option("display.precision", 3)
np.set_printoptions(precision=2)
@pd.api.extensions.register_dataframe_accessor("mine")
class Mine:
    def __init__(self, frame):
        self.frame = frame
    def rows(self):
        return len(self.frame)
df = pd.DataFrame({"a": [1, 2]})
# %% check
import pandas as pd, numpy as np
assert pd.options.display.max_rows == 17 and pd.get_option("display.precision") == 3 and np.get_printoptions()["precision"] == 2
assert df.mine.rows() == 2

# %% tensors share their storage needs: torch
import torch
t = torch.arange(10.0)
v = t[2:5]
p = torch.nn.Linear(2, 2)
weight = p.weight
opt = torch.optim.Adam(p.parameters())
p(torch.ones(1, 2)).sum().backward()
opt.step()
torch.manual_seed(3)
# %% check
v[0] = -1
assert t[2] == -1 and p.weight is weight and opt.param_groups[0]["params"][0] is weight and weight.requires_grad
import torch
assert torch.initial_seed() == 3 or torch.rand(1) is not None
