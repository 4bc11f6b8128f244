"""`python -m benchmarks [NAME ...] [--quick] [--runs N]`: measures, and writes docs/benchmarks.md after each table.

NAME: `snapshots` (three states, everybody), `cells`, `busy`, `large`; none means all.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import document, ours, states
from benchmarks.contest import Contest
from benchmarks.large import large
from benchmarks.samples import Samples

NAMES = ("snapshots", "cells", "busy", "large")
DOCUMENT = Path(__file__).parents[1] / "docs/benchmarks.md"


async def main(args: argparse.Namespace, folder: Path) -> None:
    """Run what was asked for, and write the document anew after each part: whoever stops it keeps the parts before."""
    parts = document.Document(args, time.time())
    wanted = args.names or NAMES
    if "snapshots" in wanted:
        for state in states.QUICK if args.quick else states.FULL:
            contest = Contest(state, folder, args.runs)
            await contest.run()
            parts.contest(contest)
            DOCUMENT.write_text(parts.text())
    for name in wanted:
        if name != "snapshots":
            samples = Samples()
            await measure(name, args, folder, samples)
            parts.single(name, samples)
            DOCUMENT.write_text(parts.text())


async def measure(name: str, args: argparse.Namespace, folder: Path, samples: Samples) -> None:
    """One of the measurements that has no peer."""
    print(f"== {name}", flush=True)
    array = (states.QUICK if args.quick else states.FULL)[0]
    if name == "large":
        await large(folder, samples, 256 if args.quick else 8192)
        return
    for _ in range(args.runs):
        if name == "cells":
            await ours.cells(folder / "cells", samples, 100 if args.quick else 1000)
        else:
            await ours.busy(array, folder / "busy", samples)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*NAMES, []], help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small states, to see whether everything works")
    parser.add_argument("--runs", type=int, default=3, help="of each measurement (default 3)")
    parser.add_argument("--folder", help="where stores and files are made (default: the temporary folder)")
    args = parser.parse_args()
    args.command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    return args


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="session-migrator-bench-") as temporary:
        asyncio.run(main(options, Path(temporary)))
