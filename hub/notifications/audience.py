"""Who a notification is for: `to` as it is asked, and as it is stored.

Stored is a union, `{"to": [entry], "topics": [{"id", "key"}], "filters": [filter], "all": true}`, with what is taken out of it,
in the same shape, under `except`; what is not asked for is absent. An entry is an external id, `{"external_id", …profile}` or
`{"email"}` or `{"phone"}`.
"""

from collections.abc import Sequence
from typing import Any

from hub.audience.addresses import bare_id
from hub.audience.filters import compiled
from hub.audience.models import Topic
from hub.audience.profile import check_profile
from hub.audience.users import as_recipients
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

MAX_RECIPIENTS = 10_000
MAX_GROUPS = 50
MAX_ID = 255
GROUPS = ("topic", "filter", "all")


def parse_to(tenant: Tenant, to: Any) -> dict[str, Any]:
    """The stored form of `to`. Raises InvalidRequest naming the path that is wrong.

    `to` is an id, an inline subscriber, a bare `{"email"}` or `{"phone"}`, a Django user, `{"topic"}`, `{"filter"}`,
    `{"all": true}`, a list of these, or `{"any": list, "except": list}`; `except` may stand beside a topic, a filter and all
    too. Reads at most the topics or the users; subscribers are made at fan-out, so that nothing but the notification is
    written, or locked, in the caller's transaction.
    """
    path, left_out = "to", None
    if isinstance(to, dict) and not {"any", "except"}.isdisjoint(to):
        left_out = to.get("except")
        to = {name: value for name, value in to.items() if name != "except"}
        if "any" in to:
            to, path = _listed(to, "any"), "to.any"
    audience = _union(tenant, to, path)
    if left_out is not None:
        audience["except"] = _union(tenant, _listed({"except": left_out}, "except"), "to.except")
        _check_except(audience["except"])
    return audience


def _listed(to: dict[str, Any], name: str) -> list[Any]:
    if set(to) != {name} or not isinstance(to[name], list):
        raise InvalidRequest.on(f"to.{name}", "must be a list, and stand alone but for except")
    return list(to[name])


def _check_except(excluded: dict[str, Any]) -> None:
    if "all" in excluded or any(not isinstance(entry, str) for entry in excluded.get("to", ())):
        raise InvalidRequest.on("to.except", "can hold ids, topics and filters")


def _union(tenant: Tenant, to: Any, path: str) -> dict[str, Any]:
    many = isinstance(to, list)
    entries = as_recipients(tenant, to if many else [to])
    if not 1 <= len(entries) <= MAX_RECIPIENTS:
        raise InvalidRequest.on(path, f"must name 1 to {MAX_RECIPIENTS} recipients")
    named: list[Any] = []
    groups: list[tuple[str, dict[str, Any]]] = []
    for number, entry in enumerate(entries):
        at = f"{path}.{number}" if many else path
        if isinstance(entry, dict) and not entry.keys().isdisjoint(GROUPS):
            groups.append((at, _group(entry, at)))
        else:
            named.append(_entry(entry, at))
    if len(groups) > MAX_GROUPS:
        raise InvalidRequest.on(path, f"at most {MAX_GROUPS} topics and filters", "too_long")
    # Somebody named twice gets one item; what is said about them counts wherever it stands.
    parsed = {key_of(entry): entry for entry in sorted(named, key=lambda entry: isinstance(entry, dict))}
    found: dict[str, Any] = {"to": [parsed[key] for key in sorted(parsed)]}
    found["topics"] = _topics(tenant, [(at, group["topic"]) for at, group in groups if "topic" in group])
    found["filters"] = [_filter(group["filter"], at) for at, group in groups if "filter" in group]
    found["all"] = any(_everybody(group["all"], at) for at, group in groups if "all" in group)
    return {name: part for name, part in found.items() if part}


def _group(entry: dict[str, Any], at: str) -> dict[str, Any]:
    if len(entry) != 1:
        raise InvalidRequest.on(at, "a topic, a filter and all stand alone; put several into a list")
    return entry


def _topics(tenant: Tenant, asked: Sequence[tuple[str, Any]]) -> list[dict[str, str]]:
    for at, key in asked:
        if not isinstance(key, str):
            raise InvalidRequest.on(f"{at}.topic", "must be the key of a topic")
    if not asked:
        return []
    known = dict(Topic.objects.filter(tenant=tenant, key__in=[key for _, key in asked]).values_list("key", "id"))
    for at, key in asked:
        if key not in known:
            raise InvalidRequest.on(f"{at}.topic", f"there is no topic {key!r}", "not_found")
    return [{"id": str(known[key]), "key": key} for key in sorted(known)]


def _filter(value: Any, at: str) -> Any:
    compiled(value, field=f"{at}.filter")
    return value


def _everybody(value: Any, at: str) -> bool:
    if value is not True:
        raise InvalidRequest.on(f"{at}.all", "must be true")
    return True


def key_of(entry: Any) -> str:
    """What tells one stored entry from another, and orders them."""
    return entry if isinstance(entry, str) else entry.get("external_id") or bare_id(entry)


def _entry(entry: Any, path: str) -> Any:
    if isinstance(entry, str):
        return _checked_id(entry, path)
    if not isinstance(entry, dict):
        raise InvalidRequest.on(path, "must be a subscriber's id, or an object with id, with email or with phone")
    try:
        profile = check_profile({name: value for name, value in entry.items() if name != "id"})
    except InvalidRequest as error:
        raise error.under(path) from None
    if "id" in entry:
        return {"external_id": _checked_id(entry["id"], f"{path}.id"), **profile}
    if len(profile) != 1 or not (profile.get("email") or profile.get("phone")):
        raise InvalidRequest.on(path, "needs an id, or an email or a phone and nothing else")
    return profile


def _checked_id(value: Any, path: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isprintable():
        raise InvalidRequest.on(path, f"must be a subscriber's id: a text of 1 to {MAX_ID} printable characters")
    return value


def size_hint(audience: dict[str, Any]) -> int | None:
    """How many recipients a list names; None where there is more than a list."""
    return len(audience["to"]) if audience.keys() <= {"to", "except"} else None


def asked_for(audience: dict[str, Any], most: int) -> Any:
    """A stored audience as a `to` that would ask for it, with at most `most` of those it names."""
    parts = [*audience.get("to", ())[:most], *({"topic": topic["key"]} for topic in audience.get("topics", ()))]
    parts += [{"filter": one} for one in audience.get("filters", ())] + [{"all": True}] * ("all" in audience)
    if "except" in audience:
        return {"any": parts, "except": asked_for(audience["except"], most)}
    return parts if "to" in audience or len(parts) != 1 else parts[0]
