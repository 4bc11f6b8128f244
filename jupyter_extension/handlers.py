"""The HTTP face under `<base_url>migrator/`; `openapi.yaml` describes it, and a test holds the two together."""

from __future__ import annotations

from jupyter_extension.control_handlers import ActivateHandler, FreezeHandler, NoticeHandler, StopHandler, ThawHandler
from jupyter_extension.environment import SESSION_ID
from jupyter_extension.feed_handler import FeedHandler
from jupyter_extension.page_handlers import (
    CopiesHandler,
    CopyHandler,
    HereHandler,
    MoveHandler,
    SnapshotHandler,
    SnapshotsHandler,
    StatusHandler,
    UndoHandler,
)
from jupyter_extension.transfer.handlers import ROUTES as TRANSFER_ROUTES

COPY_ID = rf"(?P<copy>{SESSION_ID.pattern})"
KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

ROUTES = [
    ("api/v1/status", StatusHandler),
    ("feed", FeedHandler),
    ("api/v1/snapshot", SnapshotHandler),
    ("api/v1/here", HereHandler),
    ("api/v1/snapshots", SnapshotsHandler),
    (f"api/v1/kernels/{KERNEL_ID}/undo", UndoHandler),
    ("api/v1/copies", CopiesHandler),
    (f"api/v1/copies/{COPY_ID}", CopyHandler),
    ("api/v1/move", MoveHandler),
    ("api/v1/notice", NoticeHandler),
    ("api/v1/freeze", FreezeHandler),
    ("api/v1/thaw", ThawHandler),
    ("api/v1/activate", ActivateHandler),
    ("api/v1/stop", StopHandler),
    *TRANSFER_ROUTES,
]
