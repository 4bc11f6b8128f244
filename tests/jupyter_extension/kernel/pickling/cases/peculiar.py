# Classes that are made, filled or laid out in ways of their own.

# %% containers whose classes have their own ways of adding items
class Owned(list):
    def __init__(self, *args):
        super().__init__(*args)
        self.log = ["made"]
    def append(self, item):
        self.log.append("append")
        super().append(item)
    def extend(self, items):
        self.log.append("extend")
        super().extend(items)
class Checked(dict):
    def __init__(self):
        self.seen = 0
    def __setitem__(self, key, value):
        self.seen += 1
        super().__setitem__(key, value)
owned, checked = Owned([1, 2]), Checked()
owned.append(owned)
checked["k"] = owned
# %% check
assert REPORT["lost"] == [] and owned[:2] == [1, 2] and owned[2] is owned and owned.log == ["made", "append"], owned.log
assert checked.seen == 1 and checked["k"] is owned
owned.append(3)
assert owned.log[-1] == "append"

# %% a class that is made with arguments
class Template:
    def __new__(cls, source):
        made = super().__new__(cls)
        made.source = source
        return made
template = Template("a")
# %% check
assert REPORT["lost"] == [] and template.source == "a" and Template("b").source == "b"

# %% a tuple whose attributes are asked for before it has any needs: python>=3.11
import unittest.mock
mock = unittest.mock.Mock(return_value=3)
mock.part.deep.return_value = [1]
mock("x", k=1)
# %% check
assert REPORT["lost"] == [], REPORT
assert mock.call_args_list == [unittest.mock.call("x", k=1)] and mock.part.deep() == [1] and mock() == 3 and mock.call_count == 2

# %% structures of ctypes
import ctypes
class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double)]
    def total(self):
        return self.a + self.b
class More(Pair):
    _fields_ = [("c", ctypes.c_char), ("many", ctypes.c_int * 3)]
class Either(ctypes.Union):
    _fields_ = [("a", ctypes.c_int), ("pair", Pair)]
pair, more, either = Pair(1, 2.5), More(1, 2.5, b"x", (1, 2, 3)), Either(5)
# %% check
assert REPORT["lost"] == [] and pair.total() == 3.5 and ctypes.sizeof(Pair) == 16 and Pair(4).a == 4
assert (more.c, list(more.many), more.total(), either.a, either.pair.a) == (b"x", [1, 2, 3], 3.5, 5, 5)

# %% a class that cannot be made again is named, and spoils nothing
import ctypes
class Node(ctypes.Structure):
    pass
Node._fields_ = [("next", ctypes.POINTER(Node))]
number, text = 5, "kept"
# %% check
assert "Node" in {entry["name"] for entry in REPORT["lost"]}, REPORT
assert number == 5 and text == "kept"
assert not {"number", "text"} & {entry["name"] for entry in REPORT["lost"]}, REPORT

# %% callbacks of figures, axes and widgets needs: matplotlib
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.widgets import Slider, SpanSelector
hits = []
def note(value): hits.append(value)
fig, ax = plt.subplots()
slider = Slider(plt.axes([0.1, 0.1, 0.5, 0.1]), "s", 0, 1)
observer = slider.on_changed(note)
press = fig.canvas.mpl_connect("button_press_event", lambda event: hits.append("press"))
key = fig.canvas.mpl_connect("key_press_event", note)
def note_limits(axes): hits.append("limits")
ax.callbacks.connect("xlim_changed", note_limits)
span = SpanSelector(ax, lambda low, high: None, "horizontal")
connected = {event: len(found) for event, found in fig.canvas.callbacks.callbacks.items()}
# %% check
from matplotlib.backend_bases import KeyEvent, MouseEvent
assert {event: len(found) for event, found in fig.canvas.callbacks.callbacks.items()} == connected
x, y = slider.ax.transAxes.transform((0.9, 0.5))
fig.canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", fig.canvas, x, y, 1))
assert sorted(map(str, hits))[0].startswith("0.9") and "press" in hits, hits
hits.clear()
ax.set_xlim(3, 4)
assert hits == ["limits"]
slider.disconnect(observer)
slider.set_val(0.4)
fig.canvas.mpl_disconnect(key)
fig.canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", fig.canvas, "q"))
assert hits == ["limits"]
assert fig.canvas.mpl_connect("key_press_event", note) > max(press, key)
plt.close("all")
