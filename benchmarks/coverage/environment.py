"""The environment of the table: made by uv in `.cache/coverage`, with the versions that `requirements.txt` pins."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache/coverage"
PINNED = Path(__file__).with_name("requirements.txt")
PYTHON = FOLDER / "bin/python"
ALWAYS = ("ipykernel", "dill", "cloudpickle", "elastic-kernel")
STDLIB = "python"  # the row of the standard library needs nothing

_VERSIONS = (
    "import importlib.metadata as m, json; print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
)


async def install(wanted: list[str], limit_s: float) -> dict[str, str]:
    """Install these distributions, each that can be within `limit_s` seconds; gives the versions of all that are there."""
    try:
        async with asyncio.timeout(limit_s):
            if not PYTHON.exists():
                await _uv("venv", "--quiet", "--python", sys.executable, str(FOLDER))
            if not await _add(*ALWAYS, *wanted):
                for name in (*ALWAYS, *wanted):
                    await _add(name)
    except TimeoutError:
        print(f"installing was stopped after {limit_s:g} s; rows whose library is not there are kept from the last run")
    output = await _run(str(PYTHON), "-c", _VERSIONS)
    return {STDLIB: ".".join(map(str, sys.version_info[:3])), **json.loads(output)}


async def _add(*names: str) -> bool:
    try:
        await _uv("pip", "install", "--quiet", "--python", str(PYTHON), "--constraint", str(PINNED), *names)
    except RuntimeError as error:
        print(f"{' '.join(names) if len(names) < 5 else 'all at once'}: {error}")
        return False
    return True


async def _uv(*arguments: str) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    await _run(uv, *arguments)


async def _run(*command: str) -> str:
    """Its output; RuntimeError with the last line of its errors if it fails."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError((errors.decode().strip().splitlines() or ["it failed"])[-1])
    return output.decode()
