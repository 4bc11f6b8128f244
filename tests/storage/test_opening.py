from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from migrator.storage import BadStoreURL, open_store


async def test_file_urls(tmp_path: Path):
    folder = tmp_path / "with space"
    store = open_store(f"file://{tmp_path}/with%20space")
    await store.put("record", b"x")
    await store.close()
    assert (folder / "record").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url",
    ["", "folder", "/folder", "http://host/x", "file://host/folder", "file:folder", "s3://", "s3:///prefix",
     "s3://bucket?colour=red", "s3://bucket/../other", "memory:name", "gs://bucket"],
)  # fmt: skip
def test_what_is_no_store_is_told(url: str):
    with pytest.raises(BadStoreURL, match="use one of file:///folder"):
        open_store(url)


WITHOUT = "import sys\nfor name in ('boto3', 'botocore', 'kubernetes'): sys.modules[name] = None\n"


def test_a_pod_needs_neither_boto3_nor_kubernetes():
    program = WITHOUT + (
        "import migrator.storage, migrator.storage.gateway, migrator.snapshot, migrator.session, jupyter_extension.app\n"
        "migrator.storage.open_store('memory:')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_store_whose_package_is_missing_is_told_with_what_to_install():
    program = WITHOUT + "from migrator.storage import open_store\nopen_store('s3://bucket')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "BadStoreURL: 's3://bucket' needs the package boto" in done.stderr
    assert "pip install 'session-migrator[control]'" in done.stderr
