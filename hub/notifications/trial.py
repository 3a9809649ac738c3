"""Sending a template to somebody as a test: the words of a preview, on the way that every notification goes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from hub.content.catalogue import Catalogue
from hub.content.parts import EMPTY
from hub.content.preview import Preview, preview
from hub.content.render import SAID
from hub.exceptions import InvalidRequest
from hub.notifications.models import Notification
from hub.notifications.request import draft
from hub.notifications.services import accept
from hub.policy.preferences import IN_APP
from hub.tenancy.models import Tenant

TAG = "test"
# where a bare address is reached
_BARE = {"email": "email", "phone": "sms"}


@transaction.atomic
def send_trial(
    *,
    tenant: Tenant,
    key: str,
    creator: str,
    to: Any,
    channels: Sequence[str] | None = None,
    number: int | None = None,
    locale: str = "",
    data: Mapping[str, Any] | None = None,
    actor: Mapping[str, Any] | None = None,
) -> Notification:
    """Accept the draft of a template, or its version `number`, for one recipient: on each channel at once, whatever they have
    read. `channels`: without, that of a bare address, else the app and each channel that the template has words for.

    It has the tag `test`. Raises as `hub.content.preview.preview` and `notify` do.
    """
    shown = preview(tenant=tenant, key=key, number=number, locale=locale, data=data, actor=actor)
    said = {name: shown.content[name] for name in SAID if shown.content[name]}
    notification = draft(
        tenant,
        {
            "to": to,
            "channels": channels if channels is not None else _channels(to, shown),
            "data": shown.content["data"],
            "actor": shown.content["actor"],
            "tags": [TAG],
            **said,  # type: ignore[typeddict-item]  # some of a request's fields
        },
        Catalogue({}, {}, EMPTY),
        creator=creator,
    )
    if set(notification.audience) != {"to"} or len(notification.audience["to"]) != 1:
        raise InvalidRequest.on("to", "A test goes to one recipient: an id, an email or a phone.")
    notification.template, notification.bodies = key, shown.bodies
    notification.ladder = [step | {"after": 0, "beside": True, "unless": "never"} for step in notification.ladder]
    accept([notification])
    return notification


def _channels(to: Any, shown: Preview) -> list[str]:
    bare = [channel for name, channel in _BARE.items() if isinstance(to, dict) and set(to) == {name}]
    return bare or [IN_APP, *shown.bodies]
