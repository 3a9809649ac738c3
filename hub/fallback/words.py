"""What each delivery says: in its subscriber's language and on its channel, as it was rendered for all who share both."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from hub.fallback.taking import Taken
from hub.notifications.languages import content_for, mend, renditions
from hub.notifications.models import Notification


class Asked(NamedTuple):
    """Whose words are wanted. `locale`: the language of the item."""

    notification: Notification
    channel: str
    locale: str


class Words(NamedTuple):
    """`problem`: why there is nothing to send, naming the variable that is missing; "" where there is."""

    content: dict[str, Any]
    problem: str


def words_to_send(taken: Collection[Taken]) -> dict[UUID, Words]:
    """`words_of` what is to be sent now. What is sent again, as its template may have been mended, is rendered again."""
    asked = {due.id: Asked(due.notification, due.channel, due.said_in) for due in taken}
    words = words_of(asked)
    broken = {(d.notification.pk, d.said_in): d.notification for d in taken if d.generation and words[d.id].problem}
    for key, rendition in renditions(broken).items():
        mend(broken[key], rendition)
    return words_of(asked) if broken else words


def words_of(asked: Mapping[UUID, Asked]) -> dict[UUID, Words]:
    """By the deliveries' ids. At most one query."""
    rendered = renditions((one.notification.pk, one.locale) for one in asked.values())
    return {
        delivery_id: Words(*content_for(one.notification, one.channel, rendered.get((one.notification.pk, one.locale))))
        for delivery_id, one in asked.items()
    }
