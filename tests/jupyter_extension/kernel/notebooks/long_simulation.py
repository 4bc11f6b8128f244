# A simulation with random numbers of numpy and of the standard library.
# %%
import numpy as np, random
np.random.seed(3); random.seed(4)
walk = np.cumsum(np.random.choice([-1, 1], 1000))
walk[-1], random.random()
# %%
tail = walk[-10:]
tail += 100
walk[-3:], np.random.rand(), random.choice("abc")
# %%
inside = sum(1 for _ in range(1000) if random.random() ** 2 + random.random() ** 2 < 1)
print(4 * inside / 1000, np.random.normal(size=2))
# %%
rng = np.random.default_rng()
state = rng.bit_generator.state["bit_generator"]
state, np.shares_memory(tail, walk), np.random.permutation(5)
