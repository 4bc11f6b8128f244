"""A store in an S3 bucket, through boto3 in a bounded pool of threads that share its connections.

A conditional put whose answer was lost is repeated by boto3 and then reads as a conflict with itself. So each put
carries an id of its own in the object's metadata, and a conflict is believed only if the object bears another id.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, TypeVar
from urllib.parse import SplitResult, parse_qs

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from migrator.storage.errors import (
    Conflict,
    Denied,
    NotFound,
    QuotaExceeded,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from migrator.storage.keys import check_key, check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THREADS = 16
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
ATTEMPTS = 5  # of one request, by boto3, with backoff and jitter
BODY_ATTEMPTS = 3  # boto3 does not repeat a download that breaks off half-way
CONFLICT_ATTEMPTS = 5  # S3 answers 409 while another conditional put of the same key is under way
_WRITE_ID = "write-id"
_ERRORS: dict[str, type[StorageError]] = {
    "NoSuchKey": NotFound,
    "404": NotFound,
    "PreconditionFailed": Conflict,
    "412": Conflict,
    "AccessDenied": Denied,
    "403": Denied,
    "InvalidAccessKeyId": Denied,
    "SignatureDoesNotMatch": Denied,
    "QuotaExceeded": QuotaExceeded,
    "InsufficientStorage": StoreFull,
    "XMinioStorageFull": StoreFull,
    "507": StoreFull,
}
_T = TypeVar("_T")


class S3Store:
    """An `ObjectStore` under `prefix` of a bucket that exists. Credentials come from the usual AWS environment."""

    def __init__(
        self, bucket: str, prefix: str = "", *, endpoint: str | None = None, region: str | None = None
    ) -> None:
        self._bucket = bucket
        self._prefix = check_prefix(prefix.strip("/") + "/") if prefix.strip("/") else ""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3-store")
        self._client: S3Client = boto3.session.Session().client(
            "s3", endpoint_url=endpoint, region_name=region, config=_config(endpoint)
        )

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        conditions: dict[str, str] = {}
        if if_absent:
            conditions["IfNoneMatch"] = "*"
        if if_match is not None:
            conditions["IfMatch"] = f'"{if_match}"'
        body = data if isinstance(data, (bytes, bytearray)) else bytes(data)
        return await self._run(lambda: self._put(check_key(key), body, conditions))

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        check_key(key)
        if length == 0:
            await self.head(key)
            return b""
        end = "" if length is None else str(start + length - 1)
        wanted = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
        return (await self._run(lambda: self._get(key, wanted)))[0]

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        check_key(key)
        return await self._run(lambda: self._get(key, {}))

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        check_key(key)
        found = await self._run(lambda: self._asked(key, self._client.head_object))
        return ObjectInfo(key, found["ContentLength"], _plain(found["ETag"]), found["LastModified"].timestamp())

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        check_prefix(prefix)
        token: dict[str, str] = {}
        while True:
            page = await self._run(lambda token=token: self._page(prefix, token))  # type: ignore[misc]
            for found in page.get("Contents", []):
                key = found["Key"][len(self._prefix) :]
                yield ObjectInfo(key, found["Size"], _plain(found["ETag"]), found["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        check_key(key)
        await self._run(lambda: self._asked(key, self._client.delete_object))

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._client.close()

    async def _run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _put(self, key: str, data: bytes | bytearray, conditions: dict[str, str]) -> str:
        write_id = secrets.token_hex(8)
        for _ in range(CONFLICT_ATTEMPTS):
            try:
                return _plain(
                    self._asked(key, self._client.put_object, Body=data, Metadata={_WRITE_ID: write_id}, **conditions)[
                        "ETag"
                    ]
                )
            except Conflict:  # noqa: PERF203 - repeating is the point
                return self._own_write(key, write_id)
            except NotFound:
                if "IfMatch" in conditions:
                    raise Conflict(f"{key} was deleted since it was read") from None
                raise
            except _ConcurrentPut:
                continue
        raise StoreUnavailable(f"{key} is being written by others all the time; try again")

    def _own_write(self, key: str, write_id: str) -> str:
        """Give the etag if the object in the way is the one that this very call wrote; else it is a true conflict."""
        try:
            found = self._asked(key, self._client.head_object)
        except NotFound:
            found = None
        if found is None or found["Metadata"].get(_WRITE_ID) != write_id:
            raise Conflict(f"{key} exists already, or has changed since it was read; read it again")
        return _plain(found["ETag"])

    def _get(self, key: str, wanted: dict[str, str]) -> tuple[bytes, str]:
        for attempt in range(1, BODY_ATTEMPTS + 1):
            try:
                answer = self._asked(key, self._client.get_object, **wanted)
                return answer["Body"].read(), _plain(answer["ETag"])
            except _PastTheEnd:  # noqa: PERF203 - repeating is the point
                return b"", ""
            except BotoCoreError as error:
                if attempt == BODY_ATTEMPTS:
                    raise StoreUnavailable(f"cannot read {key}: {error}") from error
        raise AssertionError("unreachable")

    def _page(self, prefix: str, token: dict[str, str]) -> Any:
        return self._asked("", self._client.list_objects_v2, Key=None, Prefix=self._prefix + prefix, **token)

    def _asked(self, key: str, call: Callable[..., Any], **arguments: Any) -> Any:
        """Call S3 and turn its errors into the room's."""
        if "Key" not in arguments:
            arguments["Key"] = self._prefix + key
        elif arguments["Key"] is None:
            del arguments["Key"]
        try:
            return call(Bucket=self._bucket, **arguments)
        except ClientError as error:
            raise _storage_error(error, key or self._bucket) from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"cannot reach {key or self._bucket} in S3: {error}") from error


class _ConcurrentPut(StorageError):
    """S3 refused a conditional put because another of the same key had not ended."""

    retryable = True


class _PastTheEnd(StorageError):
    """The range begins at the end of the object or later."""


def _config(endpoint: str | None) -> Config:
    return Config(
        max_pool_connections=THREADS,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        s3={"addressing_style": "path" if endpoint else "auto"},
        # Other S3 servers don't know AWS's newer checksums; what is stored here is authenticated by its own format.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _storage_error(error: ClientError, key: str) -> StorageError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = f"{key}: S3 says {code or status}: {error.response.get('Error', {}).get('Message', '')}"
    if code == "ConditionalRequestConflict":
        return _ConcurrentPut(text)
    if code == "InvalidRange" or status == 416:
        return _PastTheEnd(text)
    if code == "NoSuchBucket":
        return Denied(f"{text}; create the bucket or correct the store's URL")
    kind = (
        _ERRORS.get(code) or _ERRORS.get(str(status)) or (StoreUnavailable if status >= 500 or status == 429 else None)
    )
    return (kind or StorageError)(text)


def _plain(etag: str) -> str:
    return etag.strip('"')


def from_url(url: SplitResult) -> S3Store:
    """Open `s3://bucket/prefix?endpoint=http://host:port&region=name`; the query is optional."""
    query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    endpoint, region = query.pop("endpoint", None), query.pop("region", None)
    if not url.netloc or query:
        raise ValueError("an s3 URL needs a bucket and knows only endpoint and region")
    return S3Store(url.netloc, url.path, endpoint=endpoint, region=region)
