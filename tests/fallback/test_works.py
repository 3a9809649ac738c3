"""Promise: a claim says all that a channel needs, as it is at this instant."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.preferences.unsubscribe import read_link
from hub.tenancy.models import Tenant
from tests.support.deliveries import make_item, owe, take
from tests.support.factories import make_subscriber, make_tenant


def test_a_claim_says_all_that_a_channel_needs(alice: Subscriber) -> None:
    delivery = owe(alice)
    batch = take()
    (work,) = batch.works
    delivery.refresh_from_db()
    assert (batch.taken, delivery.state, delivery.fence) == (1, "claimed", 1)
    assert delivery.lease_until is not None
    assert (work.delivery_id, work.fence, work.address) == (delivery.id, 1, "alice@example.com")
    assert (work.tenant, work.name, work.content["title"]) == ("acme", "Alice", "Hello")
    assert work.message_id == f"{delivery.id}.0"
    assert (work.expires_in, work.group_key) == (None, "")


def test_a_claim_says_how_mails_that_are_not_required_are_stopped(alice: Subscriber) -> None:
    owe(alice, item := make_item(alice))
    (work,) = take().works
    found = read_link(work.unsubscribe_url.rpartition("/")[2])
    assert (found.subscriber, found.category) == (alice, item.notification.category)
    assert work.unsubscribe_url not in repr(work)
    Notification.objects.update(required=True)
    owe(alice, make_item(alice, required=True))
    assert take().works[0].unsubscribe_url == ""


def test_a_claim_says_how_each_tenant_shows_itself(alice: Subscriber) -> None:
    """As it is at this instant, and without a question more for another tenant."""
    owe(alice)
    with CaptureQueriesContext(connection) as of_one:
        take()
    for number in range(3):
        tenant = make_tenant(branding={"name": f"Shop {number}", "colour": "#ffd000"})
        owe(make_subscriber(tenant, "bob", email="bob@example.com"))
    with CaptureQueriesContext(connection) as of_three:
        works = take().works
    assert {work.branding.name for work in works} == {"Shop 0", "Shop 1", "Shop 2"}
    assert {work.branding.text_colour for work in works} == {"#000000"}
    assert len(of_three) == len(of_one)


def test_a_claim_says_how_long_it_is_of_use(alice: Subscriber) -> None:
    """By the tenant's clock, to the end of the notification or of the item, whichever comes first."""
    Tenant.objects.filter(pk=alice.tenant_id).update(sandbox=True, clock_offset=timedelta(hours=1))
    item = make_item(alice, group_key="order-17", expires_at=datetime.now(UTC) + timedelta(hours=3))
    owe(alice, item)
    InboxItem.objects.filter(pk=item.pk).update(expires_at=datetime.now(UTC) + timedelta(hours=2))
    (work,) = take().works
    assert work.expires_in == pytest.approx(3600, abs=60)
    assert work.group_key == "order-17"


def test_a_change_of_address_between_attempts_is_followed(alice: Subscriber) -> None:
    delivery = owe(alice)
    (first,) = take().works
    Delivery.objects.filter(id=delivery.id).update(state="waiting", lease_until=None)
    Subscriber.objects.filter(id=alice.id).update(email="new@example.com")
    (second,) = take().works
    assert (first.address, second.address, second.fence) == ("alice@example.com", "new@example.com", 2)
    assert first.message_id == second.message_id
