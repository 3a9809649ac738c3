"""What is asked for, checked and rendered: from the fields of a request to a row that is not stored yet."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict

from hub.clock import now
from hub.conf import conf
from hub.content.catalogue import Catalogue
from hub.content.overrides import check_overrides
from hub.content.render import SAID, render
from hub.content.values import check_text
from hub.exceptions import InvalidRequest
from hub.notifications.audience import parse_to
from hub.notifications.models import Notification
from hub.policy.ladder import ALL, CHANNELS, choose
from hub.policy.preferences import IN_APP
from hub.providers.accounts import channels_of
from hub.tenancy.models import Tenant
from hub.trace import request_id

MESSAGE = "message"
MAX_AHEAD = timedelta(days=366)
MAX_TAGS = 20


class Request(TypedDict, total=False):
    """One notification to accept.

    `to`: a subscriber's id, a list, `{"topic": key}`, an inline subscriber `{"id", "email", …}`, a bare `{"email"}`, or a
    Django user. Without `event` it goes out as the built-in `message` type. `template`: the key of what it says instead of
    its event type's own template; what the request says itself comes before both. `channels`: `"all"`, or the only ones to
    use. `overrides`: channel → what it says instead.
    """

    to: Required[Any]
    event: str
    template: str
    title: str
    body: str
    html: str
    data: Mapping[str, Any] | None
    action_url: str
    actions: Sequence[Mapping[str, Any]]
    actor: Mapping[str, Any] | None
    channels: str | Sequence[str] | None
    overrides: Mapping[str, Any]
    priority: str
    send_at: datetime | None
    expires_at: datetime | None
    group_key: str
    cancel_key: str
    tags: Sequence[str]


def event_of(request: Mapping[str, Any]) -> Any:
    """The event type that a request names; empty for the built-in one."""
    event = request.get("event") or ""
    return "" if event == MESSAGE else event


def draft(tenant: Tenant, request: Request, known: Catalogue, *, creator: str) -> Notification:
    """The notification that `request` asks for. Raises InvalidRequest naming each field."""
    if unknown := request.keys() - Request.__annotations__.keys():
        raise TypeError(f"There is no field {min(unknown)} of a notification.")
    event_type = known.event_type(event_of(request))
    due_at, expires_at = check_times(tenant, request.get("send_at"), request.get("expires_at"))
    channels = _channels(request.get("channels"))
    source = known.source(request.get("template") or "", event_type)
    given = {name: request[name] for name in SAID if request.get(name)}  # type: ignore[literal-required]
    steps = choose(event_type.ladder if event_type else conf.message_ladder, channels, _served(tenant, channels))
    rendered = render(
        tenant=tenant,
        template=source.content,
        parts=known.parts,
        channels=[step["channel"] for step in steps],
        given=given,
        actor=request.get("actor"),
        data=request.get("data"),
    )
    content, bodies = rendered.whole()
    return Notification(
        tenant=tenant,
        event_type=event_type,
        event=event_type.key if event_type else MESSAGE,
        category=event_type.category if event_type else MESSAGE,
        required=bool(event_type and event_type.required),
        default_on=event_type.default_on if event_type else True,
        status=Notification.Status.SCHEDULED if due_at else Notification.Status.ACCEPTED,
        priority=_priority(request.get("priority", Notification.Priority.NORMAL)),
        audience=parse_to(tenant, request.get("to")),
        content=content,
        bodies=bodies,
        template=source.key,
        version=source.version,
        said=list(given),
        channels=channels,
        overrides=check_overrides(request.get("overrides") or {}),
        ladder=steps,
        tags=_tags(request.get("tags", ())),
        group_key=check_text(request.get("group_key", ""), field="group_key", limit=200),
        cancel_key=check_text(request.get("cancel_key", ""), field="cancel_key", limit=200),
        send_at=due_at,
        expires_at=expires_at,
        creator=creator,
        request_id=request_id(),
    )


def _served(tenant: Tenant, channels: Any) -> tuple[str, ...]:
    """What `all` stands for; nobody else needs to know."""
    return channels_of(tenant.pk) if channels == ALL else ()


def check_times(
    tenant: Tenant, send_at: datetime | None, expires_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Both as they are stored: `send_at` only while it lies ahead, as what was due in the past is due now."""
    if send_at is None and expires_at is None:
        return None, None
    present = now(tenant.pk)
    for name, value in (("send_at", send_at), ("expires_at", expires_at)):
        if value is not None and (value.tzinfo is None or value - present > MAX_AHEAD):
            raise InvalidRequest.on(name, f"must be an instant with its offset, within {MAX_AHEAD.days} days")
    if expires_at is not None and expires_at <= max(present, send_at or present):
        raise InvalidRequest.on("expires_at", "must be in the future, and after send_at")
    return send_at if send_at is not None and send_at > present else None, expires_at


def _channels(channels: Any) -> str | list[str] | None:
    if channels is None or channels == ALL:
        return None if channels is None else ALL
    if not isinstance(channels, list | tuple) or not channels:
        raise InvalidRequest.on("channels", f'must be "{ALL}" or a list of channels', "type")
    for number, name in enumerate(channels):
        if name not in (IN_APP, *CHANNELS):
            raise InvalidRequest.on(f"channels.{number}", f"must be one of {', '.join((IN_APP, *CHANNELS))}")
    return list(dict.fromkeys(channels))


def _priority(value: object) -> str:
    if value not in Notification.Priority.values:
        raise InvalidRequest.on("priority", f"must be one of {', '.join(Notification.Priority.values)}")
    return str(value)


def _tags(tags: Collection[Any]) -> list[str]:
    if not isinstance(tags, list | tuple) or len(tags) > MAX_TAGS or not all(tags):
        raise InvalidRequest.on("tags", f"must be at most {MAX_TAGS} texts of 1 to 100 characters")
    return [check_text(tag, field=f"tags.{number}", limit=100) for number, tag in enumerate(tags)]
