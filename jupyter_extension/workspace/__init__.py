"""The user's files: what differs from the start, into a snapshot and back."""

from __future__ import annotations

from jupyter_extension.workspace.workspace import Workspace, opened

__all__ = ["Workspace", "opened"]
