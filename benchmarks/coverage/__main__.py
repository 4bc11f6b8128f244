"""`python -m benchmarks.coverage [LIBRARY ...] [--quick]`: moves the rows, and writes docs/coverage.md; none named means all.

A quick run moves this project's rows only, of what can be installed in `--install` seconds, writes nothing, and fails with the names of
those rows that got worse than in the committed table.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from benchmarks.coverage import environment
from benchmarks.coverage.contenders import CONTENDERS, OURS, contend
from benchmarks.coverage.rows import Library, read_all
from benchmarks.coverage.table import Table

DOCUMENT = environment.ROOT / "docs/coverage.md"
RESULTS = Path(__file__).with_name("results.json")


async def main(options: argparse.Namespace, folder: Path) -> int:
    """The exit code: 1 if a row got worse in a quick run."""
    everything = read_all()
    chosen = (each for each in everything if not options.names or each.name in options.names)
    libraries = [each for each in chosen if not (options.quick and each.large)]
    wanted = dict.fromkeys(need for each in libraries for need in each.needs if need != environment.STDLIB)
    versions = await environment.install(list(wanted), options.install)
    there = [each for each in libraries if all(need in versions for need in each.needs)]
    table = Table(RESULTS, everything)
    worse: list[str] = []
    limit = asyncio.Semaphore(options.jobs)

    async def move(library: Library) -> None:
        async with limit:
            for name in [OURS] if options.quick else options.by or CONTENDERS:
                outcomes = await contend(CONTENDERS[name], library, library.rows, folder / f"{library.name}-{name}")
                if name == OURS:
                    worse.extend(_say(table.worse(library, outcomes)))
                table.add(library, versions[library.name], name, outcomes)
                if not options.quick:
                    table.write(DOCUMENT)
            print(table.line(library), flush=True)

    await asyncio.gather(*map(move, there))
    return 1 if worse and options.quick else 0


def _say(worse: list[str]) -> list[str]:
    for line in worse:
        print(f"worse than in {DOCUMENT.name}: {line}", flush=True)
    return worse


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="LIBRARY", help="by the names of their distributions")
    parser.add_argument("--quick", action="store_true", help="only this project, compared with the committed table")
    parser.add_argument("--by", action="append", choices=CONTENDERS, help="only this contender's columns (repeatable)")
    parser.add_argument("--install", type=float, default=300, help="seconds that installing may take (default 300)")
    parser.add_argument("--jobs", type=int, default=2, help="libraries at a time (default 2)")
    return parser.parse_args()


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="session-migrator-coverage-") as temporary:
        sys.exit(asyncio.run(main(arguments(), Path(temporary))))
