"""One message that is no delivery: on no record, and never sent again."""

from hub.fallback.destinations import Destination
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.providers.accounts import Account
from hub.trace import request_id


def single(
    account: Account, *, tenant: str, destination: Destination, event: str, title: str = "", body: str = ""
) -> Work:
    """What the account's provider is given. `event`: what it is for."""
    nothing = uuid7()
    return Work(
        delivery_id=nothing,
        destination_id=nothing,
        attempt_id=nothing,
        fence=1,
        message_id=f"{nothing}.0",
        account=account,
        elsewhere=False,
        address=destination.address,
        data=destination.data,
        tenant=tenant,
        notification_id=nothing,
        item_id=nothing,
        event=event,
        category=event,
        priority="normal",
        content={
            **{"title": title, "body": body, "html": "", "data": {}},
            **{"actor": None, "action_url": None, "actions": []},
        },
        name="",
        locale="",
        unread=0,
        request_id=request_id(),
    )
