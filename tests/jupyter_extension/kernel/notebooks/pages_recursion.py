# Functions, closures, decorators, recursion.
# %%
import functools
calls = []
def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        calls.append(args)
        return function(*args)
    return wrapper
@traced
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
fibonacci(6)
# %%
def make_account(balance):
    def deposit(amount):
        nonlocal balance
        balance += amount
        return balance
    def show():
        return f"balance {balance}"
    return deposit, show
deposit, show = make_account(10)
deposit(5), len(calls)
# %%
deposit(7)
print(show(), fibonacci(3), len(calls))
# %%
import contextvars, threading
mode, local = contextvars.ContextVar("mode", default="plain"), threading.local()
mode.set("fancy")
local.depth = 3
towers = {"a": [3, 2, 1], "b": [], "c": []}
def hanoi(n, source, target, spare):
    if n:
        hanoi(n - 1, source, spare, target)
        towers[target].append(towers[source].pop())
        hanoi(n - 1, spare, target, source)
hanoi(3, "a", "c", "b")
towers
# %%
mode.get(), local.depth, show(), fibonacci.__wrapped__ is not None, _
