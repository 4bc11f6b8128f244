"""`python -m benchmarks [NAME ...] [--quick] [--runs N]`: measures, and writes docs/benchmarks.md after each table.

NAME: `snapshots` (three states, everybody), `cells`, `busy`, `large`, `moves`, `blanks`, `resumes`; none means all. A quick run writes no document.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import tempfile
from pathlib import Path

from benchmarks import document, ours, states
from benchmarks.cells import cells
from benchmarks.contest import Contest
from benchmarks.large import large
from benchmarks.moves import blanks, moves
from benchmarks.resumes import resumes
from benchmarks.samples import Samples

NAMES = ("cells", "busy", "snapshots", "large", "moves", "blanks", "resumes")
DOCUMENT = Path(__file__).parents[1] / "docs/benchmarks.md"
RESULTS = Path(__file__).with_name("results.json")


async def main(args: argparse.Namespace, folder: Path) -> None:
    """Run what was asked for, and write the document anew after each part: whoever stops it keeps the parts before."""
    parts = document.Document(folder / "results.json" if args.quick else RESULTS)
    for name in args.names or NAMES:
        if name == "snapshots":
            for state in states.QUICK if args.quick else states.FULL:
                contest = Contest(state, folder, args.runs)
                await contest.run()
                parts.contest(contest)
                _write(args, parts)
        else:
            samples = Samples()
            await measure(name, args, folder, samples)
            parts.single(name, samples)
            _write(args, parts)


def _write(args: argparse.Namespace, parts: document.Document) -> None:
    if args.quick:
        print(parts.text())
    else:
        DOCUMENT.write_text(parts.text())


async def measure(name: str, args: argparse.Namespace, folder: Path, samples: Samples) -> None:
    """One of the measurements that has no peer."""
    print(f"== {name}", flush=True)
    array = (states.QUICK if args.quick else states.FULL)[0]
    if name == "large":
        await large(folder, samples, 256 if args.quick else 8192)
        return
    if name == "blanks":
        await blanks(folder, samples, args.moves, 2_000_000 if args.quick else 200_000_000)
        return
    if name == "moves":
        await moves(folder, samples, args.moves, 2_000_000 if args.quick else 200_000_000)
        return
    if name == "resumes":
        await resumes(folder, samples, args.runs, 2**21 if args.quick else 2**30)
        return
    for _ in range(args.runs):
        if name == "cells":
            await cells(folder / "cells", samples, 100 if args.quick else 1000)
        else:
            await ours.busy(array, folder / "busy", samples)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*NAMES, []], help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small states, to see whether everything works")
    parser.add_argument("--runs", type=int, default=3, help="of each measurement (default 3)")
    parser.add_argument("--moves", type=int, default=3, help="of each kind (default 3)")
    parser.add_argument("--folder", help="where stores and files are made (default: the temporary folder)")
    return parser.parse_args()


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as after Ctrl-C, hubs and stores end with the benchmark
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="session-migrator-bench-") as temporary:
        asyncio.run(main(options, Path(temporary)))
