"""Kernel messages in the three shapes they pass through: websocket frames (both subprotocols), ZMQ parts, journal JSON.

Websocket: https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
"""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, Sequence

from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1

from jupyter_extension.errors import BadMessage

V1 = "v1.kernel.websocket.jupyter.org"
FIELDS = ("header", "parent_header", "metadata", "content")
READ_ONLY = frozenset(
    {
        "kernel_info_request",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "history_request",
        "comm_info_request",
        "usage_request",
    }
)
JsonDict = Dict[str, Any]


def _dump_buffers(buffers: Sequence[Any]) -> list[str]:
    return [base64.b64encode(bytes(b)).decode("ascii") for b in buffers]


def from_websocket(raw: str | bytes, subprotocol: Any) -> tuple[str, JsonDict]:
    """A page's frame -> (channel, message in journal form). Raises BadMessage."""
    try:
        if subprotocol == V1:
            channel, parts = deserialize_msg_from_ws_v1(raw)  # type: ignore[no-untyped-call]
            return channel, from_parts(parts)
        msg = json.loads(raw) if isinstance(raw, str) else deserialize_binary_message(raw)  # type: ignore[no-untyped-call]
        channel = msg.get("channel") or "shell"
        plain = json.loads(json.dumps({f: msg.get(f) or {} for f in FIELDS}, default=str))
        plain["buffers"] = _dump_buffers(msg.get("buffers") or [])
        plain["header"]["msg_id"], plain["header"]["msg_type"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as e:
        raise BadMessage(f"not a Jupyter message: {e!r}") from e
    return channel, plain


def from_parts(parts: Sequence[Any]) -> JsonDict:
    """[header, parent, metadata, content, *buffers] as JSON bytes -> journal form."""
    msg: JsonDict = {field: json.loads(bytes(part)) for field, part in zip(FIELDS, parts)}
    msg["header"]["msg_id"], msg["header"]["msg_type"]
    msg["buffers"] = _dump_buffers(parts[4:])
    return msg


def peek(parts: Sequence[Any]) -> tuple[JsonDict, JsonDict]:
    """Header and parent header of ZMQ parts [signature, header, parent, ...]; the content stays unparsed."""
    return json.loads(bytes(parts[1])), json.loads(bytes(parts[2]))


def buffers_of(msg: JsonDict) -> list[bytes]:
    """The binary buffers of a message in journal form."""
    return [base64.b64decode(b) for b in msg.get("buffers") or []]


def to_wire(msg: JsonDict) -> JsonDict:
    """The form that `jupyter_client.session.Session.send` takes, with the original header."""
    header = msg["header"]
    wire = {field: msg.get(field) or {} for field in FIELDS}
    wire.update(msg_id=header["msg_id"], msg_type=header["msg_type"])
    return wire


def tags_of(msg: JsonDict) -> list[str]:
    """The tags of the cell that an execute_request came from (JupyterLab sends the cell's metadata along)."""
    tags = (msg.get("metadata") or {}).get("tags")
    return [t for t in tags if isinstance(t, str)] if isinstance(tags, list) else []
