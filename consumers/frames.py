"""The frames of `hub.v1` as typed values: what the edge says and what clients say. Live frames come encoded."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, ClassVar

import orjson

from hub.exceptions import InvalidRequest
from hub.inbox.cursors import Counts, Cursor

SUBPROTOCOL = "hub.v1"


class Close(IntEnum):
    """Why the server closes. The range is the contract: 4000 to 4499 come back, 4500 to 4999 stop."""

    GOING_AWAY = 4000
    SLOW_CONSUMER = 4001
    NO_PONG = 4002
    HELLO_TIMEOUT = 4003
    SEQUENCE_LOST = 4005
    TOKEN_EXPIRED = 4010
    TOO_FAST = 4029
    BAD_FRAME = 4500
    UNAUTHORISED = 4501
    FORBIDDEN = 4503
    SUBPROTOCOL = 4506
    TOO_MANY = 4509
    REVOKED = 4510


@dataclass(frozen=True, slots=True)
class Ready:
    type: ClassVar = "ready"
    session: str
    subscriber: str
    cursor: str
    recovered: bool
    counts: Counts
    ping_ms: int
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """`items` are encoded already."""

    type: ClassVar = "batch"
    items: tuple[bytes, ...]
    head: int
    counts: Counts
    more: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    type: ClassVar = "receipt"
    id: str
    seq: int
    changed: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Error:
    type: ClassVar = "error"
    code: str
    title: str
    id: str | None = None
    status: int | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    type: ClassVar = "ping"
    head: int


@dataclass(frozen=True, slots=True)
class GoAway:
    type: ClassVar = "goaway"
    reason: str
    retry_ms: tuple[int, int]


ServerFrame = Ready | Batch | Receipt | Error | Ping | GoAway


def encode(frame: ServerFrame) -> str:
    """The JSON text of a frame. What is None is left out."""
    values: dict[str, Any] = {"type": frame.type}
    for field in fields(frame):
        value = getattr(frame, field.name)
        if value is not None:
            values[field.name] = value
    if isinstance(frame, Batch):
        values["items"] = [orjson.Fragment(item) for item in frame.items]
    return orjson.dumps(values).decode()


@dataclass(frozen=True, slots=True)
class Hello:
    """`resumes`: a cursor was given, even if it is none that we ever gave (then `cursor` is None)."""

    token: str | None
    tenant: str | None
    cursor: Cursor | None
    resumes: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """`request`: the fields of the frame, for `hub.inbox.services.mark` to check."""

    id: str
    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ack:
    seq: int
    focused: bool


@dataclass(frozen=True, slots=True)
class Sync:
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Auth:
    token: str


@dataclass(frozen=True, slots=True)
class Pong:
    pass


ClientFrame = Hello | Mark | Ack | Sync | Auth | Pong


class Undecodable(Exception):
    """Not a JSON object in a text frame of at most `max_frame` bytes."""


def decode(text: str | None, limit: int) -> dict[str, Any]:
    """The object in a text frame; None stands for a binary one. Raises Undecodable."""
    if text is None:
        raise Undecodable("frames are text")
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise Undecodable(f"a frame may have {limit} bytes")
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Undecodable("not JSON") from error
    if not isinstance(frame, dict):
        raise Undecodable("not an object")
    return frame


def parse(frame: dict[str, Any]) -> ClientFrame | None:
    """What the client says; None for a type that this version doesn't know. Raises InvalidRequest."""
    kind = frame.get("type")
    if not isinstance(kind, str):
        raise InvalidRequest.on("type", "must be a text")
    reader = _READERS.get(kind)
    return reader(frame) if reader else None


def _hello(frame: dict[str, Any]) -> Hello:
    cursor = frame.get("cursor")
    return Hello(_text(frame, "token"), _text(frame, "tenant"), Cursor.parse(cursor), cursor is not None)


def _mark(frame: dict[str, Any]) -> Mark:
    mark_id = _text(frame, "id")
    if not mark_id or len(mark_id) > 100:
        raise InvalidRequest.on("id", "must be a text of 1 to 100 characters")
    return Mark(mark_id, {name: value for name, value in frame.items() if name not in ("type", "id")})


def _ack(frame: dict[str, Any]) -> Ack:
    seq, focused = frame.get("seq"), frame.get("focused", False)
    if type(seq) is not int or seq < 0:
        raise InvalidRequest.on("seq", "must be the seq up to which the client has stored everything")
    if not isinstance(focused, bool):
        raise InvalidRequest.on("focused", "must be true or false")
    return Ack(seq, focused)


def _sync(frame: dict[str, Any]) -> Sync:
    cursor = Cursor.parse(frame.get("cursor"))
    if cursor is None:
        raise InvalidRequest.on("cursor", "must be a cursor")
    return Sync(cursor)


def _auth(frame: dict[str, Any]) -> Auth:
    token = _text(frame, "token")
    if not token:
        raise InvalidRequest.on("token", "must be a token")
    return Auth(token)


def _text(frame: dict[str, Any], name: str) -> str | None:
    value = frame.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest.on(name, "must be a text")
    return value


_READERS: dict[str, Callable[[dict[str, Any]], ClientFrame]] = {
    "hello": _hello,
    "mark": _mark,
    "ack": _ack,
    "sync": _sync,
    "auth": _auth,
    "pong": lambda _: Pong(),
}
