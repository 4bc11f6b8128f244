"""Puts the page's prebuilt extension where JUPYTER_PATH finds it: <name of its package.json>/."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path


def place(site: Path, labextensions: Path) -> None:
    """Copy the built front end out of the installed package; without one, sessions are kept but the page says nothing."""
    built = site / "jupyter_extension" / "labextension"
    if not (built / "package.json").exists():
        sys.stderr.write(f"{built} has no built front end: run the front end's build before the wheel's\n")
        return
    name = json.loads((built / "package.json").read_text())["name"]
    shutil.copytree(built, labextensions / name, dirs_exist_ok=True)


if __name__ == "__main__":
    place(Path(sys.argv[1]), Path(sys.argv[2]))
