"""The process that cleans up when the demo itself was killed: `python -m migrator.demo.keeper DEMO_ID`.

It holds the reading end of a pipe whose writing end only the demo has. The end of the file means that the demo is
gone, however it went; then everything with the demo's mark is killed.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from migrator.demo import marks


def start(demo_id: str) -> subprocess.Popen[bytes]:
    """Start the keeper in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
    return subprocess.Popen(
        [sys.executable, "-m", "migrator.demo.keeper", demo_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(demo_id: str) -> None:
    """Wait for the demo's end, then kill what it left."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdin.buffer.read()
    marks.kill_all(marks.DEMO, demo_id)


if __name__ == "__main__":
    main(sys.argv[1])
