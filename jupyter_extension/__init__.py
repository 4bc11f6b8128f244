"""Keeps this Jupyter server's session alive when its machine goes away: the part that runs in the user's pod."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell jupyter_server where the extension's application is."""
    from jupyter_extension.app import SessionMigrator  # noqa: PLC0415 - the kernel's room must not load a server

    return [{"module": "jupyter_extension.app", "app": SessionMigrator}]
