"""The HTTP face of download and upload."""

from __future__ import annotations

import json
import time
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_extension.base_handler import MigratorHandler
from jupyter_extension.errors import ExtensionError, TooBig
from jupyter_extension.transfer import depart
from jupyter_extension.transfer.arrive import bring_in
from jupyter_extension.transfer.uploads import PIECE
from jupyter_extension.transfer.zip_stream import ZipStream
from migrator.snapshot import SnapshotError
from migrator.storage.errors import StorageError

UPLOAD = r"(?P<upload>[0-9a-f]{32})"
FAULTS = (ExtensionError, SnapshotError, StorageError, OSError)


class DownloadHandler(MigratorHandler):
    """`GET api/v1/download`: the session as a zip file."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Stream it. A fault before the first byte has its status; one after it breaks the connection, so that nobody has half a file."""
        live, began = self.live, False

        async def send(data: bytes) -> None:
            nonlocal began
            if not began:
                began = True
                self._say_what_comes()
            if data:
                self.write(data)
                await self.flush()

        try:
            await depart.send(live, ZipStream(send, live.uploads.limit))
        except StreamClosedError:
            self.log.info("a download was given up")
        except FAULTS as e:
            if not began:
                await self.answer(_raise(e))
            self.log.warning("a download broke off: %s", e)
            self.detach().close()
        else:
            self.finish()

    def _say_what_comes(self) -> None:
        name = time.strftime("session-%Y-%m-%d-%H%M.zip")
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Cache-Control", "no-store")

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """Not JSON."""
        return super().finish(*args, **{"set_content_type": self._headers.get("Content-Type"), **kwargs})


async def _raise(error: Exception) -> Any:
    raise error


class UploadsHandler(MigratorHandler):
    """`POST api/v1/uploads`: begin."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """`{"upload", "piece"}`: its name, and the most bytes of one piece."""
        size = self.body().get("bytes")
        if isinstance(size, bool) or not isinstance(size, int):
            raise web.HTTPError(400, "`bytes` must be the size of the file")

        async def work() -> dict[str, Any]:
            return {"upload": self.live.uploads.begin(size), "piece": PIECE}

        await self.answer(work())


class UploadHandler(MigratorHandler):
    """`PUT`, `POST`, `DELETE api/v1/uploads/NAME`: a piece, the end, giving up."""

    @web.authenticated
    @authorized
    async def put(self, upload: str) -> None:
        """One piece from `offset`."""
        offset = self.get_query_argument("offset", "")
        if not offset.isdecimal():
            raise web.HTTPError(400, "`offset` must be a number of bytes")

        async def work() -> dict[str, Any]:
            if len(self.request.body) > PIECE:
                raise TooBig(f"a piece has at most {PIECE} bytes")
            return {"have": await self.live.uploads.add(upload, int(offset), self.request.body)}

        await self.answer(work())

    @web.authenticated
    @authorized
    async def post(self, upload: str) -> None:
        """Bring it in: the report."""

        async def work() -> dict[str, Any]:
            uploads = self.live.uploads
            path = uploads.whole(upload)
            try:
                return {"report": await bring_in(self.live, path)}
            finally:
                uploads.drop(upload)

        await self.answer(work())

    @web.authenticated
    @authorized
    async def delete(self, upload: str) -> None:
        """Give it up; one that is not there is no error."""
        self.live.uploads.drop(upload)
        self.finish(json.dumps({}))


ROUTES = [
    ("api/v1/download", DownloadHandler),
    ("api/v1/uploads", UploadsHandler),
    (f"api/v1/uploads/{UPLOAD}", UploadHandler),
]
