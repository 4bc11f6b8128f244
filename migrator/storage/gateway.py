"""A session's own objects through the gateway of its member: the only store that a user's pod can reach.

A repeated conditional put may find what its own lost attempt wrote: then the stored bytes are the same, and it has
succeeded.
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import AsyncIterator, Iterator

from migrator.storage.errors import Conflict, NotFound
from migrator.storage.exchange import Answer
from migrator.storage.gateway_client import GatewayClient, checked
from migrator.storage.keys import check_key, check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo

KINDS = ("journal", "manifests", "packs")


class GatewayStore:
    """An `ObjectStore` of one session: keys `packs/NAME`, `manifests/NAME`, `journal/NAME`.

    `deadline_s` bounds each call with its repetitions; then `StoreUnavailable`. `Fenced` is raised at once when the
    session belongs to a later epoch than the token's.
    """

    def __init__(self, url: str, token: str, *, deadline_s: float = 60.0) -> None:
        self._http = GatewayClient(url.rstrip("/") + "/v1/objects/", token, deadline_s=deadline_s)

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        headers = {"Content-Type": "application/octet-stream"}
        if if_absent:
            headers["If-None-Match"] = "*"
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        body = bytes(data)
        answer, attempts = await self._http.send("PUT", check_key(key), headers, body)
        if answer.code == 412 and attempts > 1:
            return await self._own_write(key, body)
        return _etag(checked(answer, key))

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        if length == 0:
            await self.head(key)
            return b""
        end = "" if length is None else str(start + length - 1)
        wanted = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
        answer, _ = await self._http.send("GET", check_key(key), wanted)
        if answer.code == 416:
            return b""
        checked(answer, key)
        if wanted and answer.code == 200:  # something on the way ignored the range
            return answer.body[start:] if length is None else answer.body[start : start + length]
        return answer.body

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        answer = await self._ask("GET", key)
        return answer.body, _etag(answer)

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        answer = await self._ask("HEAD", key)
        modified = answer.headers.get("Last-Modified")
        when = parsedate_to_datetime(modified).timestamp() if modified else None
        return ObjectInfo(key, int(answer.headers["Content-Length"]), _etag(answer), when)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        check_prefix(prefix)
        for folder in (f"{kind}/" for kind in KINDS):
            if folder.startswith(prefix) or prefix.startswith(folder):
                answer, _ = await self._http.send("GET", folder)
                for info in _listing(checked(answer, folder)):
                    if info.key.startswith(prefix):
                        yield info

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        try:
            await self._ask("DELETE", key)
        except NotFound:
            return

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        self._http.close()

    async def _own_write(self, key: str, body: bytes) -> str:
        stored, etag = await self.get_with_etag(key)
        if stored != body:
            raise Conflict(f"{key} exists already, or has changed since it was read; read it again")
        return etag

    async def _ask(self, method: str, key: str) -> Answer:
        answer, _ = await self._http.send(method, check_key(key))
        return checked(answer, key)


def _listing(answer: Answer) -> Iterator[ObjectInfo]:
    """Read the gateway's list; its keys are relative to the session, as everywhere."""
    for each in sorted(json.loads(answer.body)["objects"], key=lambda found: str(found["key"])):
        yield ObjectInfo(each["key"], each["size"], each["etag"].strip('"'), each.get("modified"))


def _etag(answer: Answer) -> str:
    return str(answer.headers.get("ETag", "")).strip('"')
