# Exploring a table.
# %%
import numpy as np, pandas as pd
rng = np.random.default_rng(7)
sales = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=60), "shop": rng.choice(["north", "south"], 60), "sold": rng.poisson(20, 60)})
sales.loc[5, "sold"] = np.nan
sales.head()
# %%
recent = sales[sales.day > "2026-02-01"]
sales["sold"] = sales.sold.fillna(sales.sold.median())
sales.groupby("shop").sold.agg(["mean", "count"]).round(2)
# %%
weekly = sales.set_index("day").resample("W").sold.sum()
print(weekly.describe().round(1).to_string())
rng.integers(0, 100, 3)
# %%
pivot = sales.pivot_table(index=sales.day.dt.month_name(), columns="shop", values="sold", aggfunc="sum")
pivot.assign(total=pivot.sum(axis=1)), len(recent), recent.sold.isna().sum()
