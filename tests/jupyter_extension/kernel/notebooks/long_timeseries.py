# needs: statsmodels
# A series in time.
# %%
import numpy as np, pandas as pd
index = pd.date_range("2024-01", periods=48, freq="MS", tz="Europe/Paris")
series = pd.Series(10 + np.arange(48) * 0.5 + 3 * np.sin(np.arange(48) * np.pi / 6), index=index, name="demand")
series.tail(2)
# %%
rolling = series.rolling(12)
trend = rolling.mean()
trend.dropna().head(2).round(3)
# %%
from statsmodels.tsa.holtwinters import ExponentialSmoothing
fitted = ExponentialSmoothing(series.to_numpy(), trend="add", seasonal="add", seasonal_periods=12).fit()
fitted.forecast(2).round(2)
# %%
series.iloc[-1] = np.nan
series.interpolate().tail(1).round(2), fitted.params["smoothing_level"].round(3), series.index.freq
