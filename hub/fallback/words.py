"""What each delivery says: in its subscriber's language and on its channel, as it was rendered for all who share both."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from hub.fallback.models import Delivery
from hub.notifications.languages import content_for, mend, renditions


class Words(NamedTuple):
    """`problem`: why there is nothing to send, naming the variable that is missing; "" where there is."""

    content: dict[str, Any]
    problem: str


def words_to_send(deliveries: Collection[Delivery]) -> dict[UUID, Words]:
    """`words_of` what is to be sent now. What is sent again, as its template may have been mended, is rendered again."""
    words = words_of(deliveries)
    broken = {(d.notification_id, d.item.locale): d for d in deliveries if d.generation and words[d.id].problem}
    for key, rendition in renditions(broken).items():
        mend(broken[key].notification, rendition)
    return words_of(deliveries) if broken else words


def words_of(deliveries: Collection[Delivery]) -> dict[UUID, Words]:
    """By the deliveries' ids; these come with their notification and item. At most one query."""
    rendered = renditions((d.notification_id, d.item.locale) for d in deliveries)
    return {
        d.id: Words(*content_for(d.notification, d.channel, rendered.get((d.notification_id, d.item.locale))))
        for d in deliveries
    }
