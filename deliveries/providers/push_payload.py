"""What a push says, in each platform's own words and within its size. Pure: a work in, a payload out."""

import base64
import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from deliveries.providers.errors import Permanent
from hub.content.push import LONGEST_TTL, MAX_PUSH_DATA
from hub.fallback.withdrawals import Withdrawal
from hub.fallback.work import Work

FCM_LIMIT = 4096  # bytes of what a platform takes
APNS_LIMIT = 4096
WEB_PUSH_LIMIT = 4096 - 103  # what encryption adds: a header of 86 bytes, a tag of 16, a delimiter

# of what is taken back at once, the latest: more than a phone shows, and within every limit
MOST_WITHDRAWN = 40

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """What a phone shows and what its app is told. `data` is None where it was too much: the app asks for the item.

    `collapse_id` is fit for every platform: a later push with the same takes this one's place. `ttl`: seconds.
    """

    title: str
    body: str
    badge: int
    sound: str
    image: str
    url: str
    actions: tuple[Mapping[str, str], ...]
    data: Mapping[str, Any] | None
    names: Mapping[str, str]
    group: str
    collapse_id: str
    ttl: int
    urgent: bool


def push_of(work: Work) -> Push:
    """What `work` says on its device: the platform's words before the channel's, the device's before both."""
    platform, device = str(work.data.get("platform", "")), str(work.data.get("external_id", ""))
    content = work.content
    said = {**content, **content.get(platform, {}), **content.get("devices", {}).get(device, {})}
    ends_in = LONGEST_TTL if work.expires_in is None else int(work.expires_in)
    return Push(
        title=said["title"],
        body=said["body"],
        badge=work.unread,
        sound=said.get("sound", "default"),
        image=said.get("image") or "",
        url=said.get("action_url") or "",
        actions=tuple(_action(action) for action in said.get("actions") or ()),
        data=_data(said.get("data") or {}),
        names={"notification_id": str(work.notification_id), "item_id": str(work.item_id), "event": work.event},
        group=_id(work.group_key),
        collapse_id=_id(said.get("collapse_id") or work.group_key or work.notification_id.hex),
        ttl=min(max(ends_in, 0), said.get("ttl", LONGEST_TTL)),
        urgent=said.get("priority", work.priority) != "low",
    )


def fcm(push: Push) -> Payload:
    """The message without its recipient. What only the app reads is strings, as FCM wants it."""
    priority, ttl = ("HIGH", "10") if push.urgent else ("NORMAL", "5"), str(push.ttl)
    android = {"sound": push.sound, "tag": push.collapse_id, "notification_count": push.badge, "image": push.image}
    aps = {"badge": push.badge, "sound": push.sound, "thread-id": push.group, "mutable-content": int(bool(push.image))}
    tray = {"tag": push.collapse_id, "actions": [_button(action) for action in push.actions]}
    message: Payload = {
        "notification": _without_empty({"title": push.title, "body": push.body, "image": push.image}),
        "data": {name: _as_text(value) for name, value in _for_the_app(push).items()},
        "android": {"priority": priority[0], "ttl": f"{ttl}s", "notification": _without_empty(android)},
        "apns": {
            "headers": {"apns-priority": priority[1], "apns-collapse-id": push.collapse_id},
            "payload": {"aps": _without_empty(aps)},
        },
        "webpush": {"headers": {"TTL": ttl, "Urgency": priority[0].lower()}, "notification": _without_empty(tray)},
    }
    if push.group:
        # not for each push: of a device Google keeps four keys at a time
        message["android"]["collapse_key"] = push.group
    return message


def apns(push: Push) -> Payload:
    """The body of the request. `category` names the buttons that an app has for an event."""
    alert = _without_empty({"title": push.title, "body": push.body})
    aps = {"badge": push.badge, "sound": push.sound, "thread-id": push.group, "mutable-content": int(bool(push.image))}
    return {
        "aps": {"alert": alert, "category": push.names["event"], **_without_empty(aps)},
        **_without_empty({"image": push.image}),
        **_for_the_app(push),
    }


def web_push(push: Push) -> Payload:
    """What a service worker is given."""
    shown = {"title": push.title, "body": push.body, "badge": push.badge, "image": push.image, "tag": push.collapse_id}
    return {**_without_empty(shown), **_for_the_app(push), "silent": not push.sound}


def fcm_withdrawal(one: Withdrawal) -> Payload:
    """The message without its recipient. What the phone itself has shown an app can find by its tag alone."""
    tags = dict.fromkeys(_id(pushed.collapse) for pushed in one.pushed if pushed.collapse)
    told = {**_withdrawn(one), "tags": list(tags)[:MOST_WITHDRAWN]}
    headers = {"apns-push-type": "background", "apns-priority": "5"}
    return {
        "data": {name: _as_text(value) for name, value in told.items()},
        "android": {"priority": "NORMAL", "ttl": f"{LONGEST_TTL}s"},
        "apns": {"headers": headers, "payload": {"aps": {"content-available": 1}}},
    }


def apns_withdrawal(one: Withdrawal) -> Payload:
    """The body of the request. A silent push has no badge of its own: the app sets it."""
    return {"aps": {"content-available": 1}, **_withdrawn(one)}


def fitted(push: Push, spell: Callable[[Push], Payload], limit: int) -> Payload:
    """`spell(push)` in `limit` bytes, its body shortened where it must be. Raises Permanent where that isn't enough."""
    whole = spell(push)
    if size_of(whole, limit) <= limit:
        return whole

    def too_long(kept: int) -> bool:
        return size_of(spell(shortened(push, kept)), limit) > limit

    kept = bisect_left(range(len(push.body)), True, key=too_long) - 1
    if kept < 0:
        raise Permanent("payload_too_large", f"without its body it has more than {limit} bytes")
    return spell(shortened(push, kept))


def shortened(push: Push, kept: int) -> Push:
    """The push with so many characters of its body, which has more."""
    return replace(push, body=f"{push.body[:kept].rstrip()}…" if kept else "")


def size_of(payload: Payload, enough: int = 0) -> int:
    """Bytes as the most wasteful of the clients spells it: with a space after each comma and colon. Where no more than
    `enough`, perhaps a few too many, which is six times as fast."""
    compact = orjson.dumps(payload)
    most = len(compact) + compact.count(b",") + compact.count(b":")
    return most if most <= enough else len(json.dumps(payload, ensure_ascii=False).encode())


def _withdrawn(one: Withdrawal) -> Payload:
    """`more`: there are others than these; the app asks for the inbox."""
    ids = [str(pushed.item_id) for pushed in one.pushed]
    more = {"more": True} if len(ids) > MOST_WITHDRAWN else {}
    return {"type": "withdraw", "item_ids": ids[:MOST_WITHDRAWN], "unread": one.unread, **more}


def _for_the_app(push: Push) -> Payload:
    told = {"url": push.url, "actions": list(push.actions), "data": push.data or {}}
    return {**push.names, **_without_empty(told), **({"data_left_out": True} if push.data is None else {})}


def _action(action: Mapping[str, str]) -> Mapping[str, str]:
    """`action` and `title` are what browsers call them."""
    return _without_empty({"action": action["key"], "title": action["label"], "url": action.get("url", "")})


def _button(action: Mapping[str, str]) -> dict[str, str]:
    return {"action": action["action"], "title": action["title"]}


def _data(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return data if len(orjson.dumps(data)) <= MAX_PUSH_DATA else None


def _id(text: str) -> str:
    """What may stand in every platform's header: the text itself, or where it can't, a digest of it."""
    if not text or _SAFE_ID.fullmatch(text):
        return text
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:32]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_empty(fields: Payload) -> Payload:
    """A badge of 0 is not empty: it takes the number away."""
    return {name: value for name, value in fields.items() if value or name == "badge"}
