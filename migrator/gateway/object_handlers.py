"""Objects of a session: packs, manifests, journal. Bodies wait for a share of the memory budget before they are taken."""

from __future__ import annotations

import re
from email.utils import formatdate

from tornado.web import stream_request_body

from migrator.gateway.handler import PodHandler
from migrator.gateway.names import check_name, check_writable
from migrator.serving.errors import ApiError
from migrator.session.tokens import Token
from migrator.storage.protocol import ObjectInfo, ObjectStore

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@stream_request_body
class ObjectHandler(PodHandler):
    """One object. A refused upload is read to its end and dropped, so that its sender learns why."""

    def initialize(self) -> None:
        """Nothing taken yet."""
        self._body = bytearray()
        self._share = 0
        self._refusal: Exception | None = None
        self._dropped = False

    async def prepare(self) -> None:
        """Check all that can be known before the body comes."""
        if self.request.method != "PUT":
            return
        try:
            await self._admit()
        except Exception as error:  # noqa: BLE001 - raised again by put(), once the body is out of the way
            self._refusal = error

    async def _admit(self) -> None:
        token = self.pod()
        check_writable(self.path_args[0], self.path_args[1], token.epoch)
        size = self._announced_size()
        self.state.roles.require_owner(token, await self.state.cache.get(token.session))
        await self.state.quota.check(token.session, size)
        share = await self.state.budget.acquire(size)
        if self._dropped:
            self.state.budget.release(share)
            raise ApiError(400, "bad_request", "The connection was closed.")
        self._share = share

    def _announced_size(self) -> int:
        announced = self.request.headers.get("Content-Length", "")
        if not announced.isdecimal():
            raise ApiError(400, "bad_request", "Send a Content-Length.")
        size, limit = int(announced), self.state.settings.object_limit
        if size > limit:
            raise ApiError(413, "quota", f"An object has at most {limit} bytes; this one has {size}.")
        return size

    def data_received(self, chunk: bytes) -> None:
        """Keep the chunk, or drop it if the upload was refused."""
        if self._refusal is None:
            self._body += chunk

    async def put(self, folder: str, name: str) -> None:
        """Store the body; the answer is given only if the sender is still the owner after that."""
        if self._refusal is not None:
            raise self._refusal
        token = self.pod()
        key = check_writable(folder, name, token.epoch)
        etag = await self._objects(token).put(key, self._body, if_absent=self._if_absent(), if_match=self._if_match())
        self.state.roles.require_owner(token, await self.state.cache.fresh(token.session))
        self.state.quota.add(token.session, len(self._body))
        self.state.numbers.taken.inc(len(self._body))
        self.set_header("ETag", f'"{etag}"')
        self.answer({"key": key, "etag": etag}, 201)

    async def get(self, folder: str, name: str) -> None:
        """The bytes, or the range asked for."""
        token = await self._reader()
        key = check_name(folder, name)
        start, length = self._range()
        info = await self._objects(token).head(key)
        size = max(0, min(length if length is not None else info.size, info.size - start))
        self._share = await self.state.budget.acquire(size)
        data = await self._objects(token).get(key, start=start, length=length) if size else b""
        self.state.numbers.given.inc(len(data))
        self._describe(info)
        if "Range" in self.request.headers:
            self.set_status(206)
            self.set_header(
                "Content-Range",
                f"bytes {start}-{start + len(data) - 1}/{info.size}" if data else f"bytes */{info.size}",
            )
        await self.finish(data)

    async def head(self, folder: str, name: str) -> None:
        """Size and etag."""
        token = await self._reader()
        info = await self._objects(token).head(check_name(folder, name))
        self._describe(info)
        self.set_header("Content-Length", str(info.size))
        await self.finish()

    async def delete(self, folder: str, name: str) -> None:
        """Remove an object: the owner's alone to decide, so the record is read anew."""
        token = self.pod()
        self.state.roles.require_owner(token, await self.state.cache.fresh(token.session))
        await self._objects(token).delete(check_name(folder, name))
        self.state.quota.forget(token.session)
        self.set_status(204)
        await self.finish()

    async def _reader(self) -> Token:
        token = self.pod()
        self.state.roles.of(token, await self.state.cache.get(token.session))
        return token

    def _describe(self, info: ObjectInfo) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("ETag", f'"{info.etag}"')
        if info.modified is not None:
            self.set_header("Last-Modified", formatdate(info.modified, usegmt=True))

    def _if_absent(self) -> bool:
        return self.request.headers.get("If-None-Match") == "*"

    def _if_match(self) -> str | None:
        etag = self.request.headers.get("If-Match")
        return None if etag is None else etag.strip('"')

    def _objects(self, token: Token) -> ObjectStore:
        return self.state.records.objects(token.session)

    def _range(self) -> tuple[int, int | None]:
        header = self.request.headers.get("Range")
        if header is None:
            return 0, None
        match = _RANGE.fullmatch(header)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            raise ApiError(400, "bad_request", "Only one range of the form bytes=FIRST-LAST is understood.")
        return int(match[1]), int(match[2]) - int(match[1]) + 1 if match[2] else None

    def on_finish(self) -> None:
        """Give the memory back."""
        self._give_back()
        super().on_finish()

    def on_connection_close(self) -> None:
        """The sender went away: the same."""
        self._dropped = True
        self._give_back()

    def _give_back(self) -> None:
        share, self._share = self._share, 0
        self._body = bytearray()
        self.state.budget.release(share)


class ListHandler(PodHandler):
    """`GET /v1/objects/FOLDER/`: what there is."""

    async def get(self, folder: str) -> None:
        """All objects of one folder, in the order of their names."""
        token = self.pod()
        self.state.roles.of(token, await self.state.cache.get(token.session))
        objects = [
            {"key": info.key, "size": info.size, "etag": info.etag, "modified": info.modified}
            async for info in self.state.records.objects(token.session).list(f"{folder}/")
        ]
        self.answer({"objects": objects})
