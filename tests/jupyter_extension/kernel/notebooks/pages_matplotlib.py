# Plots, by pyplot and by objects.
# %%
%matplotlib inline
import matplotlib.pyplot as plt, numpy as np
x = np.linspace(0, 6, 50)
fig, ax = plt.subplots(figsize=(3, 2))
line, = ax.plot(x, np.sin(x))
# %%
line.set_linewidth(3)
ax.set_title("sine")
plt.rcParams["axes.grid"] = True
fig
# %%
plt.figure(figsize=(2, 2))
plt.hist(np.random.RandomState(1).normal(size=100), bins=5)
plt.ylabel("count")
plt.show()
# %%
twin = ax.twinx()
twin.plot(x, np.exp(-x), "r:")
fig.savefig("plot.png")
len(fig.axes), line.get_linewidth(), plt.rcParams["axes.grid"]
