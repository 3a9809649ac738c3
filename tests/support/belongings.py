"""One of everything that can belong to a tenant, by the name of the path parameter that names it in the OpenAPI document.

`python -m tests.support.belongings NUMBER FILE [--strangers NUMBER]`: for as many new tenants, in the database of the
environment; and tenants that have nothing but credentials.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()

from django.utils import timezone

from hub.audience.models import Stream, Subscriber
from hub.audience.topics import add_members, upsert_topic
from hub.callbacks.addresses import token_of
from hub.chat.services import set_address
from hub.content.services import upsert_event_type
from hub.content.templates import replace_template
from hub.content.versions import publish
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.providers.services import create_provider
from hub.suppression.services import Entry, suppress
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key, create_signing_key
from hub.tenancy.tokens import mint
from hub.webhooks.services import create_webhook, send_test
from tests.support.deliveries import make_item, owe
from tests.support.devices import make_device
from tests.support.factories import make_subscriber, make_tenant, send

# an account whose provider signs nothing
BEEM = {"api_key": "k", "secret_key": "s"}


@dataclass(frozen=True)
class Belongings:
    """What a tenant has, and the credentials of its server and of its subscriber alice. `named`: path parameter → value."""

    tenant: str
    api_key: str
    token: str
    named: dict[str, str]


def make_belongings(tenant: Tenant) -> Belongings:
    """One of everything, made in the database; nothing is sent."""
    alice = make_subscriber(tenant, "alice", name="Alice", email="alice@example.com", phone="+4930123456")
    add_members(topic=upsert_topic(tenant=tenant, key="releases", open=True), external_ids=["alice"])
    upsert_event_type(tenant=tenant, key="comment.created", category="comments", template={"title": "A comment"})
    replace_template(tenant=tenant, key="order-shipped", title="Shipped")
    publish(tenant=tenant, key="order-shipped", creator="code")
    item = make_item(alice, status=Notification.Status.PROCESSED)
    make_device(alice, "phone")
    set_address(subscriber=alice, kind="slack", address="C024BE91L")
    suppress([Entry(tenant.pk, "email", "gone@example.com", "hard_bounce", "belongings")])
    dead = _dead_letter(alice)
    hook = create_webhook(tenant=tenant, url="https://hooks.example.com/hub", events=["webhook.test"])
    count = InboxItem.objects.filter(subscriber=alice).count()
    Stream.objects.filter(subscriber=alice).update(last_seq=count, unread=count, unseen=count)
    told = create_provider(tenant=tenant, key="reports", kind="beem", active=False, config=BEEM)
    return Belongings(
        tenant=tenant.slug,
        api_key=create_api_key(tenant=tenant, name="server", scopes=["*"])[1],
        token=mint(subscriber=alice, ttl=timedelta(hours=12)),
        named={
            "subscriber": "alice",
            "device": "phone",
            "kind": "slack",
            "topic": "releases",
            "event_type": "comment.created",
            "template": "order-shipped",
            "version": "1",
            "api_key": str(create_api_key(tenant=tenant, name="another", scopes=["*"])[0].pk),
            "signing_key": str(create_signing_key(tenant=tenant).pk),
            "callback_account": str(told.pk),
            "callback_token": token_of(str(told.pk)),
            "provider": create_provider(tenant=tenant, key="texts", kind="django", active=False).key,
            "tenant": tenant.slug,
            "sandbox": tenant.slug,
            "notification": str(_scheduled(tenant).pk),
            "sent_notification": str(item.notification_id),
            "item": str(item.pk),
            "delivery": str(dead.pk),
            "dead_letter": str(dead.pk),
            "webhook": str(hook.pk),
            "webhook_delivery": str(send_test(tenant=tenant, webhook_id=hook.pk).pk),
        },
    )


def make_credentials(tenant: Tenant) -> Belongings:
    """Nothing but the credentials of its server and of its subscriber charlie."""
    token = mint(subscriber=make_subscriber(tenant, "charlie"), ttl=timedelta(hours=12))
    return Belongings(tenant.slug, create_api_key(tenant=tenant, name="server", scopes=["*"])[1], token, named={})


def _scheduled(tenant: Tenant) -> Notification:
    return send(tenant, "alice", send_at=timezone.now() + timedelta(days=1))


def _dead_letter(subscriber: Subscriber) -> Delivery:
    now = timezone.now()
    return owe(subscriber, state=Delivery.State.DEAD, reason="permanent", due_at=now, finished_at=now)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--strangers", type=int, default=0)
    wanted = parser.parse_args()
    made = [make_belongings(make_tenant(f"belongings-{number}", sandbox=True)) for number in range(wanted.number)]
    made += [make_credentials(make_tenant(f"strangers-{number}", sandbox=True)) for number in range(wanted.strangers)]
    wanted.file.write_text(json.dumps([asdict(one) for one in made]))
