# Decorators of the standard library and of one's own.
# %%
import contextlib, functools
log = []
class retry:
    def __init__(self, times):
        self.times = times
    def __call__(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(self.times):
                try:
                    return function(*args, **kwargs)
                except ValueError as error:
                    log.append((attempt, str(error)))
        return wrapper
failures = iter([1, 1])
@retry(times=3)
def flaky():
    """Fails twice."""
    if next(failures, None):
        raise ValueError("again")
    return "done"
flaky(), log
# %%
@functools.lru_cache(None)
def square(n):
    log.append(n)
    return n * n
square(4), square(4), len(log)
# %%
@functools.singledispatch
def describe(value):
    return "something"
@describe.register(list)
def _(value):
    return f"list of {len(value)}"
class Temperature:
    def __init__(self, celsius):
        self._celsius = celsius
    @property
    def fahrenheit(self):
        return self._celsius * 9 / 5 + 32
    @fahrenheit.setter
    def fahrenheit(self, value):
        self._celsius = (value - 32) * 5 / 9
    @functools.cached_property
    def label(self):
        log.append("label")
        return f"{self._celsius} C"
t = Temperature(20)
t.label, describe([1]), describe(1)
# %%
t.fahrenheit = 212
t._celsius, t.label, square(4), describe([]), flaky.__doc__, len(log)
