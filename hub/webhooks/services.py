"""What a tenant does with its webhooks: make, change, rotate, try, redeliver."""

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from hub.clock import now
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest
from hub.outbound import checked_url
from hub.tenancy.models import Tenant
from hub.webhooks import outbox
from hub.webhooks.catalogue import EVENTS, TEST, is_pattern
from hub.webhooks.models import Webhook, WebhookDelivery
from hub.webhooks.selectors import get_webhook, webhooks
from hub.webhooks.topics import checked_topic

# each event is written down once for each of them
MAX_WEBHOOKS = 20
MAX_DESCRIPTION = 200
MAX_PATTERNS = 50
# how many one call redelivers
MAX_REDELIVERED = 1_000
_SECRET_BYTES = 32


def create_webhook(
    *,
    tenant: Tenant,
    url: str = "",
    sns: Mapping[str, Any] | None = None,
    events: Sequence[str],
    description: str = "",
) -> Webhook:
    """A new place, which is told what happens from now on: a URL, or an SNS topic (`hub.webhooks.topics`).

    Raises InvalidRequest; Conflict when there are many.
    """
    if bool(url) == (sns is not None):
        raise InvalidRequest.on("url", "Give either url or sns.")
    webhook = Webhook(
        tenant=tenant,
        **({"url": checked_url(url)} if sns is None else _topic_fields(sns)),
        events=checked_events(events),
        description=_checked_description(description),
        secret=new_secret(),
    )
    if webhooks(tenant=tenant).count() >= MAX_WEBHOOKS:
        raise Conflict(f"A tenant has at most {MAX_WEBHOOKS} webhooks: delete one.")
    webhook.save()
    webhook.refresh_from_db(fields=["created_at"])
    return webhook


@transaction.atomic
def change_webhook(
    *,
    tenant: Tenant,
    webhook_id: UUID,
    url: str | None = None,
    sns: Mapping[str, Any] | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change what is given; a URL stays a URL, and a topic a topic. Raises NotFound and InvalidRequest."""
    webhook = get_webhook(tenant=tenant, webhook_id=webhook_id, lock=True)
    if (sns if not webhook.topic_arn else url) is not None:
        field = "url" if webhook.topic_arn else "sns"
        raise InvalidRequest.on(field, f"This webhook has no {field}: make another one.")
    changes: dict[str, Any] = {}
    if url is not None:
        changes["url"] = checked_url(url)
    if sns is not None:
        changes |= _topic_fields(sns)
    if events is not None:
        changes["events"] = checked_events(events)
    if description is not None:
        changes["description"] = _checked_description(description)
    if enabled is not None:
        changes |= _switched(webhook, enabled)
    if changes:
        Webhook.objects.filter(pk=webhook.pk).update(**changes)
    return get_webhook(tenant=tenant, webhook_id=webhook_id)


def _topic_fields(sns: Mapping[str, Any]) -> dict[str, Any]:
    topic, endpoint = checked_topic(sns)
    return {
        "url": checked_url(endpoint, field="sns.endpoint"),
        "topic_arn": topic.arn,
        "access_key_id": topic.access_key_id,
        "secret_access_key": topic.secret_access_key,
    }


def _switched(webhook: Webhook, enabled: bool) -> dict[str, Any]:
    if enabled:
        return {"disabled_at": None, "disabled_reason": "", "failures": 0, "failing_since": None}
    return {"disabled_at": Now(), "disabled_reason": "operator"} if webhook.disabled_at is None else {}


def delete_webhook(*, tenant: Tenant, webhook_id: UUID) -> None:
    """Nothing more is sent to it, and what it was told is forgotten. Raises NotFound."""
    webhook = get_webhook(tenant=tenant, webhook_id=webhook_id)
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=Now(), disabled_at=Now(), disabled_reason="operator")


@transaction.atomic
def rotate_secret(*, tenant: Tenant, webhook_id: UUID, overlap: timedelta) -> Webhook:
    """A new secret. Until `overlap` has passed, each post is signed with the old one too. Raises NotFound."""
    webhook = get_webhook(tenant=tenant, webhook_id=webhook_id, lock=True)
    webhook.previous_secret, webhook.previous_until = webhook.secret, now() + overlap
    webhook.secret = new_secret()
    webhook.save(update_fields=["secret", "previous_secret", "previous_until"])
    return webhook


def send_test(*, tenant: Tenant, webhook_id: UUID) -> WebhookDelivery:
    """Owe it a `webhook.test`, whatever it subscribes to. Raises NotFound, and Conflict for one that is disabled."""
    webhook = _enabled(tenant, webhook_id)
    delivery = WebhookDelivery.objects.create(
        tenant=tenant, webhook=webhook, type=TEST, at=now(tenant.pk), data={"webhook": str(webhook.pk)}
    )
    outbox.tell(1)
    delivery.refresh_from_db()
    return delivery


_REDELIVER = """
WITH again AS (
    SELECT id FROM hub_webhookdelivery d
    WHERE d.webhook_id = %(webhook)s AND {chosen} ORDER BY d.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE hub_webhookdelivery d SET state = 'waiting', reason = '', attempts = 0, due_at = now(), finished_at = NULL
FROM again WHERE d.id = again.id
"""


def redeliver(
    *, tenant: Tenant, webhook_id: UUID, delivery_ids: Collection[UUID] = (), since: datetime | None = None
) -> int:
    """Send again, under their old ids and with all attempts anew: these, delivered or dead; or what is dead and was written
    down at `since` or later, MAX_REDELIVERED at a time. Returns how many.

    Raises NotFound, and Conflict for a webhook that is disabled.
    """
    webhook = _enabled(tenant, webhook_id)
    chosen = (
        "d.id = ANY(%(ids)s) AND d.state IN ('delivered', 'dead')"
        if since is None
        else "d.state = 'dead' AND d.created_at >= %(since)s"
    )
    arguments: dict[str, Any] = {
        "webhook": webhook.pk,
        "ids": list(delivery_ids),
        "since": since,
        "limit": MAX_REDELIVERED,
    }
    with connection.cursor() as db:
        db.execute(_REDELIVER.format(chosen=chosen), arguments)
        outbox.tell(db.rowcount)
        return int(db.rowcount)


def _enabled(tenant: Tenant, webhook_id: UUID) -> Webhook:
    webhook = get_webhook(tenant=tenant, webhook_id=webhook_id)
    if webhook.disabled_at is not None:
        raise Conflict("The webhook is disabled: enable it first.")
    return webhook


def new_secret() -> str:
    """What endpoints verify with, as Standard Webhooks spells it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def checked_events(events: Sequence[str]) -> list[str]:
    """`events` without repeats. Raises InvalidRequest for what could never come."""
    if not 1 <= len(events) <= MAX_PATTERNS:
        raise InvalidRequest.on("events", f"Name 1 to {MAX_PATTERNS} types, or prefixes such as item.*.")
    for name in events:
        if not is_pattern(name):
            raise InvalidRequest.on("events", f"There is no event {name[:64]!r}. There are {', '.join(EVENTS)}.")
    return list(dict.fromkeys(events))


def _checked_description(description: str) -> str:
    return check_text(description, field="description", limit=MAX_DESCRIPTION)


# An hour is longer than any transaction that may still know the webhook.
_FORGET = """
WITH old AS (
    (SELECT id FROM hub_webhookdelivery WHERE finished_at < now() - %(kept)s * interval '1 second' LIMIT %(limit)s)
    UNION
    (SELECT d.id FROM hub_webhook w JOIN hub_webhookdelivery d ON d.webhook_id = w.id
     WHERE w.deleted_at < now() - interval '1 hour' AND d.state <> 'claimed' LIMIT %(limit)s)
), gone AS (
    DELETE FROM hub_webhookdelivery WHERE id IN (SELECT id FROM old) RETURNING id
), tries AS (
    DELETE FROM hub_webhookattempt WHERE delivery_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
"""
_REMOVE = """
DELETE FROM hub_webhook w WHERE deleted_at < now() - interval '1 hour'
AND NOT EXISTS (SELECT FROM hub_webhookdelivery d WHERE d.webhook_id = w.id)
"""


def forget(*, kept: int, limit: int = 1_000) -> int:
    """Remove a chunk of what ended more than `kept` seconds ago, or belonged to a deleted webhook. Returns how many."""
    with connection.cursor() as db:
        db.execute(_FORGET, {"kept": kept, "limit": limit})
        number = int(db.fetchone()[0])
        db.execute(_REMOVE)
    return number
