# needs: sympy
# Algebra.
# %%
import sympy as sp
sp.init_printing(use_unicode=True)
x, y = sp.symbols("x y")
f = sp.Function("f")
expression = (x + y) ** 3
expression.expand()
# %%
solution = sp.solve(x ** 2 - 2, x)
solution
# %%
sp.dsolve(f(x).diff(x, 2) + f(x), f(x))
# %%
expression.subs(y, 1).diff(x), [value.evalf(5) for value in solution], sp.symbols("x") is x
