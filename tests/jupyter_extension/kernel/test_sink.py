"""What the child sends, read by what the server reads with."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_extension.kernel import forking, sink, stream
from jupyter_extension.kernel.progress import Progress
from jupyter_extension.kernel.stream import BasePart, Frame, StreamError
from jupyter_extension.kernel_client.frames import Cutter

KIB = 1024
PARTS = st.dictionaries(st.text(max_size=8), st.lists(st.binary(max_size=50), max_size=4), max_size=5)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 bytes, so that small parts have many."""
    monkeypatch.setattr(sink, "BLOCK_SIZE", 16)


def sent(parts: dict[str, Any], base: dict[str, BasePart], *, splice: bool = True, checks: bool = True) -> list[Frame]:
    """The frames that a sink makes of parts."""
    reading, writing = os.pipe()
    frames: list[Frame] = []
    reader = threading.Thread(target=lambda: frames.extend(read_all(reading)))
    reader.start()
    pipe = sink.Pipe(writing, Progress(), forking.splice if splice else None)
    target = sink.PartSink(pipe, base, forking.checks if checks else None)
    for name, data in parts.items():
        target.add(name, data)
    pipe.write(stream.json_frame(stream.END, {"names": target.names}, 1))
    pipe.drain()
    os.close(writing)
    reader.join()
    return frames


def read_all(fd: int) -> list[Frame]:
    cutter, frames = Cutter(), []
    with os.fdopen(fd, "rb", buffering=0) as pipe:
        while True:
            frame = cutter.take()
            if frame is not None:
                frames.append(frame)
                continue
            count = os.readv(pipe.fileno(), [cutter.room()])
            if not count:
                return frames
            cutter.filled(count)


def rebuilt(frames: list[Frame], former: dict[str, bytes]) -> dict[str, bytes]:
    """The parts that frames describe, given those of the base."""
    parts: dict[str, bytes] = {}
    name, known, at = "", b"", 0
    for frame in frames:
        if frame.kind == stream.SAME_PART:
            parts[frame.name] = former[frame.name]
        elif frame.kind == stream.PART:
            name, known, at = frame.name, former.get(frame.name, b""), 0
            parts[name] = b""
        elif frame.kind == stream.BLOCK:
            parts[name] += bytes(frame.payload[frame.number :])
            at += 16
        elif frame.kind == stream.SAME:
            parts[name] += known[at : at + 16 * frame.number]
            at += 16 * frame.number
    return parts


def base_of(parts: dict[str, bytes]) -> dict[str, BasePart]:
    assert forking.checks is not None
    table = {name: BasePart(len(data), forking.checks(data, 16)) for name, data in parts.items()}
    return stream.unpack_base(stream.pack_base(table))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(former=PARTS, now=PARTS, kept=st.booleans())
def test_parts_arrive_whatever_the_base_was(
    former: dict[str, list[bytes]], now: dict[str, list[bytes]], kept: bool
) -> None:
    known = {name: b"".join(data) for name, data in former.items()}
    if kept:
        now = {**now, **former}
    frames = sent(now, base_of(known))
    assert rebuilt(frames, known) == {name: b"".join(data) for name, data in now.items()}
    if kept:
        same = {frame.name for frame in frames if frame.kind == stream.SAME_PART}
        assert same >= set(former)


def test_only_the_block_that_changed_travels() -> None:
    old = bytes(160)
    new = bytearray(old)
    new[80] = 1
    kinds = [(f.kind, f.number) for f in sent({"a": new}, base_of({"a": old})) if f.kind in (stream.SAME, stream.BLOCK)]
    assert kinds == [(stream.SAME, 5), (stream.BLOCK, 16), (stream.SAME, 4)]


def test_a_part_that_the_base_lacks_is_checked_as_it_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    plain = forking.checks
    assert plain is not None
    monkeypatch.setattr(forking, "checks", lambda data, block: asked.append(len(data)) or plain(data, block))
    frames = sent({"a": bytes(40)}, {})
    assert [(f.kind, f.number) for f in frames[1:-1]] == [(stream.BLOCK, 16)] * 3
    assert asked == [16, 16, 8]


def test_without_check_values_everything_travels() -> None:
    frames = sent({"a": bytes(40)}, base_of({"a": bytes(40)}), checks=False)
    assert [(f.kind, f.number) for f in frames[1:-1]] == [(stream.BLOCK, 0)] * 3


@pytest.mark.parametrize("splice", [True, False])
def test_large_buffers_arrive_by_copy_and_without(monkeypatch: pytest.MonkeyPatch, splice: bool) -> None:
    monkeypatch.setattr(sink, "BLOCK_SIZE", 4 << 20)
    data = {f"part {i}": os.urandom(300 * KIB * (i + 1)) for i in range(12)}
    data["read-only"] = memoryview(bytes(300 * KIB))
    frames = sent(data, {}, splice=splice)
    assert rebuilt(frames, {}) == {name: bytes(value) for name, value in data.items()}


def test_two_parts_of_one_name_are_an_error() -> None:
    target = sink.PartSink(sink.Pipe(-1, Progress()), {}, None)
    target.add("a", b"")
    with pytest.raises(ValueError, match="two parts"):
        target.add("a", b"")


def test_the_report_comes_last() -> None:
    last = sent({"x": b"1"}, {})[-1]
    assert (last.kind, last.number, json.loads(bytes(last.payload))) == (stream.END, 1, {"names": ["x"]})


def test_what_is_no_stream_is_refused() -> None:
    cutter = Cutter()
    junk = b"Traceback (most recent call last)"
    cutter.room()[: len(junk)] = junk
    cutter.filled(len(junk))
    with pytest.raises(StreamError):
        cutter.take()
    with pytest.raises(StreamError, match="cut short"):
        stream.unpack_base(b"\x01")
