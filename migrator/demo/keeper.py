"""The process that cleans up when the demo itself was killed: `python -m migrator.demo.keeper DEMO_ID FOLDER`.

It holds the reading end of a pipe whose writing end only the demo has. The end of the file means that the demo is
gone, however it went; then everything with the demo's mark is killed, and its folder for temporary files removed.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from migrator.demo import marks


def start(demo_id: str, tmp: Path) -> subprocess.Popen[bytes]:
    """Start the keeper in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
    return subprocess.Popen(
        [sys.executable, "-m", "migrator.demo.keeper", demo_id, str(tmp)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(demo_id: str, tmp: Path) -> None:
    """Wait for the demo's end, then kill what it left."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdin.buffer.read()
    marks.kill_all(marks.DEMO, demo_id)
    shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
