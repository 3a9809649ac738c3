"""Accept: rows in the caller's transaction. Once that commits, the notifications will be carried out."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Unpack

from django.db import transaction

from hub.conf import conf
from hub.content.catalogue import Catalogue, catalogue
from hub.exceptions import Forbidden, InvalidRequest
from hub.notifications import fan_out
from hub.notifications.audience import size_hint
from hub.notifications.models import Notification
from hub.notifications.request import Request, draft, event_of
from hub.notifications.store import insert
from hub.tenancy.models import Tenant
from hub.tenancy.own import own_tenant
from hub.wake import wake_fan_out


def notify(*, tenant: Tenant | None = None, creator: str = "code", **request: Unpack[Request]) -> Notification:
    """Accept a notification in the caller's transaction: it commits, or rolls back, with the business change.

    The fields are those of `Request`; `to` is required. `tenant`: by default the one that `HUB["tenant"]` names. Raises
    InvalidRequest naming each field that is wrong, and Forbidden for a suspended tenant.
    """
    tenant = tenant or own_tenant()
    known = _known(tenant, [request])
    notification = draft(tenant, request, known, creator=creator)
    accept([notification])
    return notification


def notify_many(
    *, tenant: Tenant, requests: Sequence[Request], creator: str = "code"
) -> list[Notification | InvalidRequest]:
    """Accept many in the caller's transaction, in one statement. Returns, in the same order, the notification that each
    request became, or what is wrong with it: that one is left out, the others are accepted.

    Raises Forbidden for a suspended tenant.
    """
    known = _known(tenant, requests)
    results = [_drafted(tenant, request, known, creator) for request in requests]
    accepted = [result for result in results if isinstance(result, Notification)]
    if accepted:
        accept(accepted)
    return results


def _drafted(tenant: Tenant, request: Request, known: Catalogue, creator: str) -> Notification | InvalidRequest:
    try:
        return draft(tenant, request, known, creator=creator)
    except InvalidRequest as error:
        return error


def _known(tenant: Tenant, requests: Sequence[Mapping[str, Any]]) -> Catalogue:
    return catalogue(
        tenant=tenant,
        events=[event_of(request) for request in requests],
        templates=[request.get("template") for request in requests],
    )


def accept(notifications: Sequence[Notification]) -> None:
    """Store what is drafted, in the caller's transaction, and carry it out once that commits.

    Raises Forbidden for a suspended tenant.
    """
    if any(notification.tenant.status != Tenant.Status.ACTIVE for notification in notifications):
        raise Forbidden("This tenant is suspended.")
    insert(notifications)
    due = [notification for notification in notifications if notification.send_at is None]
    if due:
        carry_out_after_commit(due)


def carry_out_after_commit(notifications: Sequence[Notification]) -> None:
    """Have these, which are due, carried out once the caller's transaction commits."""
    # Robust: a failure after the commit can't take back a promise, nor the caller's other hooks.
    transaction.on_commit(partial(_committed, notifications), robust=True)


def _committed(notifications: Sequence[Notification]) -> None:
    """A few recipients are served here and now; many, or many notifications, by a worker."""
    sizes = [size_hint(notification.audience) for notification in notifications]
    if None not in sizes and sum(filter(None, sizes)) <= conf.fan_out_inline_limit:
        for notification in notifications:
            fan_out.carry_out(notification)
    else:
        for lane in {fan_out.lane_of(notification) for notification in notifications}:
            wake_fan_out(lane)
