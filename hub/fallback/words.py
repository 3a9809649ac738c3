"""What each delivery says: in its subscriber's language and on its channel, as it was rendered for all who share both."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from hub.fallback.taking import Taken
from hub.notifications.languages import Said, content_for, mend, renditions
from hub.notifications.models import Notification


class Asked(NamedTuple):
    """Whose words are wanted. `locale`: the language of the item."""

    notification: Said
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
    broken = {(due.notification.id, due.said_in) for due in taken if due.generation and words[due.id].problem}
    if not broken:
        return words
    notifications = Notification.objects.select_related("tenant").in_bulk({pk for pk, _ in broken})
    for (pk, _), rendition in renditions(broken).items():
        mend(notifications[pk], rendition)
    return words_of(asked)


def words_of(asked: Mapping[UUID, Asked]) -> dict[UUID, Words]:
    """By the deliveries' ids. At most one query."""
    rendered = renditions((one.notification.id, one.locale) for one in asked.values())
    return {
        delivery_id: Words(*content_for(one.notification, one.channel, rendered.get((one.notification.id, one.locale))))
        for delivery_id, one in asked.items()
    }
