# needs: seaborn
# Statistical plots.
# %%
%matplotlib inline
import pandas as pd, seaborn as sns
sns.set_theme(style="whitegrid")
data = pd.DataFrame({"x": range(12), "y": [v ** 2 % 7 for v in range(12)], "k": list("ab") * 6})
axes = sns.scatterplot(data, x="x", y="y", hue="k")
# %%
axes.set_title("later")
axes.figure
# %%
grid = sns.FacetGrid(data, col="k", height=2)
grid.map(sns.lineplot, "x", "y")
# %%
[each.get_title() for each in grid.axes.flat], axes.get_title(), axes.get_legend().get_title().get_text()
