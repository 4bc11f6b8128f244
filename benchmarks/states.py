"""The states that everybody has to save, as cells: how they are made, what changes between snapshots, what must be right after.

The code of a cell is all that a peer gets to see: each runs it in a kernel of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """`names`: its variables; `element` and `small`: cells that change it; `proof`: an expression equal before and after."""

    name: str
    title: str
    build: str
    names: tuple[str, ...]
    element: str
    small: str
    proof: str


def array(mib: int) -> State:
    """One large array: nothing but memory."""
    return State(
        f"array-{mib}",
        f"{mib / 1024:g} GiB array",
        f"import numpy as np\nbig = np.random.default_rng(1).random({mib} * 2**17)\nx = 0",
        ("big", "x"),
        "big[12345] += 1.0",
        "x += 1",
        "(round(float(big[::1000].sum() + big[12345]), 6), x)",
    )


def frames(rows: int) -> State:
    """Tables, and a view that shares their memory; 192 bytes a row."""
    return State(
        f"frames-{rows}",
        f"{rows * 192 / 1e6:.0f} MB data frames",
        "import numpy as np, pandas as pd\nrng = np.random.default_rng(1)\n"
        f"df = pd.DataFrame(rng.random(({rows}, 20)), columns=[f'c{{i}}' for i in range(20)])\n"
        f"counts = pd.DataFrame(rng.integers(0, 10**9, ({rows}, 4)), columns=list('abcd'))\n"
        "head = df.head()\ndel rng\nx = 0",
        ("df", "counts", "head", "x"),
        "df.iloc[12345, 3] += 1.0",
        "x += 1",
        "(round(float(df.iloc[::1000].to_numpy().sum() + df.iloc[12345, 3]), 6), int(counts['a'].sum()), x)",
    )


def objects(count: int) -> State:
    """Many small objects: lists, strings, numbers."""
    return State(
        f"objects-{count}",
        f"{count / 1e6:g} M small objects",
        f"rows = [[i, 'n%d' % i, float(i)] for i in range({count} // 4)]\nx = 0",  # four objects in each
        ("rows", "x"),
        "rows[12345][2] += 1.0",
        "x += 1",
        "(len(rows), sum(r[0] for r in rows), rows[12345][2], rows[-1][1], x)",
    )


FULL = (array(1024), frames(2_010_000), objects(2_000_000))
QUICK = (array(64), frames(100_000), objects(100_000))
IMPORTS = "import numpy, pandas"  # before a restoration, for everybody: their seconds are nobody's merit
