"""What the files were when the session began in this pod: the image's. Kept on disk, so that a restarted server remembers."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from jupyter_extension.workspace.names import from_text, to_text
from jupyter_extension.workspace.scan import Key, Scan

Baseline = Dict[Key, List[Any]]


def default_path(session: str, roots: dict[str, str]) -> Path:
    """A private place that lives as long as the pod, and that no scan saves."""
    folder = Path(tempfile.gettempdir(), f"session-migrator-files-{os.getuid()}")
    tag = hashlib.sha256(json.dumps([session, sorted(roots.items())]).encode()).hexdigest()[:16]
    return folder / f"baseline-{tag}.json"


def of_scan(scan: Scan) -> Baseline:
    """The signatures of everything found."""
    return {key: found.signature() for key, found in scan.found.items()}


def load(path: Path) -> Baseline | None:
    """Read a baseline; None if there is none or it can't be read."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {(root, from_text(name)): signature for root, name, signature in rows}
    except (OSError, ValueError, TypeError):
        return None


def store(path: Path, baseline: Baseline) -> None:
    """Write it for this user only, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = [[root, to_text(name), signature] for (root, name), signature in baseline.items()]
    handle, temporary = tempfile.mkstemp(dir=str(path.parent))
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(rows, out)
    Path(temporary).replace(path)
