# Generators cannot move: they are named, and made again by their cell.
# %%
def numbers():
    n = 0
    while True:
        yield n
        n += 1
stream = numbers()
next(stream)
# %% lost
next(stream)
# %%
stream = numbers()
[next(stream) for _ in range(3)]
# %%
import itertools
counter, words = itertools.count(10, 5), iter(["a", "b", "c"])
next(counter), next(words)
# %%
next(counter), next(words), list(words)
