"""The federation's bucket: a real S3 server (SeaweedFS) as a process of this machine, which pods reach over the bridge."""

from __future__ import annotations

import shutil
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.rigs.kubernetes.plan import CACHE, HOST
from tests.rigs.kubernetes.process import spawn, stop, wait_for

FOLDER = CACHE / "store"
PORT = 18333
BUCKET = "sessions"
KEY, SECRET = "rig-access-key", "rig-secret-key-of-no-value"
URL = f"s3://{BUCKET}/federation?endpoint=http://{HOST}:{PORT}"
OTHERS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"),
    *("s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "admin.port", "admin.port.grpc", "webdav.port"),
)


def start_store() -> None:
    """Start it, with what it held before."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    spawn(
        FOLDER,
        "weed",
        *("env", f"AWS_ACCESS_KEY_ID={KEY}", f"AWS_SECRET_ACCESS_KEY={SECRET}"),
        *(Path(sys.executable).parent / "weed", "mini", f"-dir={FOLDER}/data", f"-ip={HOST}", f"-ip.bind={HOST}"),
        *(f"-bucket={BUCKET}", "-admin.ui=false", "-webdav=false", "-master.telemetry=false", f"-s3.port={PORT}"),
        f"-filer.localSocket={FOLDER}/filer.sock",
        *(f"-{flag}={PORT + 1 + number}" for number, flag in enumerate(OTHERS)),
    )
    wait_for("answer of the store", _answers)


def stop_store() -> None:
    """Take the store away; what it holds stays."""
    stop(FOLDER, "weed", signal.SIGTERM)


def remove_store() -> None:
    """End the store and forget what it held."""
    stop(FOLDER, "weed", signal.SIGKILL)
    shutil.rmtree(FOLDER, ignore_errors=True)


def _answers() -> bool:
    try:
        urllib.request.urlopen(f"http://{HOST}:{PORT}/{BUCKET}", timeout=5)
    except urllib.error.HTTPError as error:
        return error.code == 403  # it knows the bucket, and does not know us
    except OSError:
        return False
    return True
