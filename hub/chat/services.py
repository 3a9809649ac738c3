"""Setting and taking away where somebody is reached in a chat."""

from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.chat.addresses import checked_address
from hub.chat.models import ChatAddress
from hub.exceptions import NotFound


def set_address(*, subscriber: Subscriber, kind: str, address: object) -> ChatAddress:
    """Reach the subscriber here from now on. Raises InvalidRequest."""
    checked = checked_address(kind, address)
    row, _ = ChatAddress.objects.update_or_create(
        subscriber=subscriber,
        kind=kind,
        defaults={"address": checked, "tenant_id": subscriber.tenant_id, "updated_at": Now()},
    )
    row.refresh_from_db()
    return row


def remove_address(*, subscriber: Subscriber, kind: str) -> None:
    """Reach them there no more. Raises NotFound."""
    if not ChatAddress.objects.filter(subscriber=subscriber, kind=kind).delete()[0]:
        raise NotFound("The subscriber has no address in this chat.")
