"""A mark as it arrives, in a frame or a REST body, checked and typed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.clock import parse_instant
from hub.exceptions import InvalidRequest
from hub.ids import parse_uuid
from hub.inbox.ops import OPS
from hub.inbox.selectors import FILTERS

MAX_IDS = 100
MAX_SNOOZE = timedelta(days=366)
_MAX_SEQ = 2**62


@dataclass(frozen=True, slots=True)
class Mark:
    """Which items (`where` with its `arguments`) become what (`op`)."""

    op: str
    where: str
    arguments: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    action: str | None = None
    key: str | None = None


def parse_mark(request: dict[str, Any]) -> Mark:
    """The mark that `request` asks for: `{op, ids | all [upto, filter], until?, action?, key?}`. Raises InvalidRequest."""
    op = request.get("op")
    if not isinstance(op, str) or op not in OPS:
        raise InvalidRequest.on("op", f"must be one of {', '.join(OPS)}")
    where, arguments = _some(request) if "ids" in request else _all(request)
    return Mark(
        op,
        where,
        arguments,
        until=_until(request.get("until")) if op == "snooze" else None,
        action=_text(request, "action", 100) if op == "act" else None,
        key=_text(request, "key", 200) if request.get("key") is not None else None,
    )


def _some(request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ids = request["ids"]
    if request.get("all"):
        raise InvalidRequest.on("all", "can't stand beside ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_IDS:
        raise InvalidRequest.on("ids", f"must be a list of 1 to {MAX_IDS} item ids")
    parsed: list[UUID] = [item for item in map(parse_uuid, ids) if item is not None]
    if len(parsed) != len(ids):
        raise InvalidRequest.on("ids", "must all be item ids")
    return "i.id = ANY(%(ids)s)", {"ids": parsed}


def _all(request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if request.get("all") is not True:
        raise InvalidRequest.on("ids", "give ids, or all: true")
    upto = request.get("upto")
    if type(upto) is not int or not 0 <= upto <= _MAX_SEQ:
        raise InvalidRequest.on("upto", "must be the seq up to which the user has seen the list")
    chosen = request.get("filter") or {}
    if isinstance(chosen, str):
        chosen = {"filter": chosen}
    if not isinstance(chosen, dict):
        raise InvalidRequest.on("filter", "must be a filter's name, or an object of filter, category and tag")
    return _filtered(chosen, upto)


def _filtered(chosen: dict[str, Any], upto: int) -> tuple[str, dict[str, Any]]:
    name = chosen.get("filter") or "all"
    if not isinstance(name, str) or name not in FILTERS:
        raise InvalidRequest.on("filter", f"must be one of {', '.join(FILTERS)}")
    where = [FILTERS[name], "i.surfaced_seq <= %(upto)s"]
    arguments: dict[str, Any] = {"upto": upto}
    if chosen.get("category") is not None:
        where.append("i.category = %(category)s")
        arguments["category"] = _text(chosen, "category", 100)
    if chosen.get("tag") is not None:
        where.append("EXISTS (SELECT FROM hub_notification n WHERE n.id = i.notification_id AND %(tag)s = ANY(n.tags))")
        arguments["tag"] = _text(chosen, "tag", 100)
    return " AND ".join(where), arguments


def _text(request: dict[str, Any], name: str, limit: int) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= limit or "\x00" in value:
        raise InvalidRequest.on(name, f"must be a text of 1 to {limit} characters")
    return value


def _until(value: Any) -> datetime:
    until = parse_instant(value) if isinstance(value, str) else None
    if until is None:
        raise InvalidRequest.on("until", "must be an ISO-8601 instant with its offset, such as 2030-01-31T09:00:00Z")
    return until
