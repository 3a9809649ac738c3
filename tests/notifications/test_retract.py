"""What is withdrawn is gone everywhere, once, whatever is interrupted; who has not got it yet never does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from hub.audience.models import Stream, Subscriber
from hub.clock import now
from hub.exceptions import Conflict, NotFound
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.inbox.selectors import catch_up
from hub.inbox.services import mark
from hub.notifications import fan_out
from hub.notifications import retract as retraction
from hub.notifications.models import FanOut, Notification
from hub.notifications.retract import retract
from hub.notifications.unstarted import cancel
from hub.tenancy.models import Tenant
from tests.support.deliveries import owe, take
from tests.support.factories import counts, item_of, recount, send

pytestmark = pytest.mark.django_db(transaction=True)


def withdraw(notification: Notification) -> Notification:
    return retract(tenant=notification.tenant, notification_id=notification.pk)


def test_the_item_becomes_a_tombstone_with_a_seq_of_its_own(tenant: Tenant, bob: Subscriber) -> None:
    kept, withdrawn = send(tenant, "bob"), send(tenant, "bob")
    told: list[Any] = []
    with patch("hub.live.publish", lambda frames: told.extend(frames)):
        assert withdraw(withdrawn).status == "retracted"
    item = item_of(withdrawn, bob)
    assert (item.seq, item.visible, item_of(kept, bob).seq) == (3, False, 1)
    assert counts(bob.id) == recount(bob.id) == (1, 1)
    ((who, seq, frame),) = told
    decoded = orjson.loads(frame)
    assert (who, seq, decoded["op"], decoded["counts"]) == (bob.id, 3, "retracted", {"unread": 1, "unseen": 1})
    assert decoded["item"] == {"id": str(item.id), "seq": 3, "gone": "retracted"}
    (caught_up,) = catch_up([(bob.id, None)])
    assert caught_up is not None
    assert caught_up.cursor.seq == 3


@pytest.mark.parametrize("op", ["read", "archive", "delete"])
def test_whatever_was_done_with_it_before(tenant: Tenant, bob: Subscriber, op: str) -> None:
    notification = send(tenant, "bob")
    mark(subscriber_id=bob.id, request={"op": op, "ids": [str(item_of(notification, bob).id)]}, origin="test")
    withdraw(notification)
    assert counts(bob.id) == recount(bob.id) == (0, 0)
    # what was deleted is gone already: no second change
    assert Stream.objects.get(subscriber=bob).last_seq == (2 if op == "delete" else 3)


def test_what_is_still_owed_is_cancelled(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, "bob")
    item = item_of(notification, bob)
    owe(bob, item, channel="sms", cancel_level=4, due_at=now() + timedelta(days=1))
    withdraw(notification)
    email, sms = Delivery.objects.filter(channel__in=["email", "sms"]).order_by("channel")
    for delivery in (email, sms):
        assert (delivery.state, delivery.reason) == ("cancelled", "retracted")
        assert delivery.finished_at is not None


def test_a_bare_address_is_not_mailed_any_more(tenant: Tenant) -> None:
    notification = send(tenant, {"email": "someone@example.com"})
    withdraw(notification)
    assert InboxItem.objects.get().retracted_at is not None
    assert Delivery.objects.get(channel="email").reason == "retracted"


def test_nothing_is_sent_from_its_commit_on_even_before_it_is_carried_out(
    tenant: Tenant, bob: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    notification = send(tenant, "bob")
    monkeypatch.setattr(retraction, "_committed", lambda _: None)
    withdraw(notification)
    batch = take()
    assert (batch.taken, batch.works) == (1, ())
    assert Delivery.objects.get(channel="email").reason == "retracted"


def test_twice_is_once(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, "bob")
    first, second = withdraw(notification), withdraw(notification)
    assert first.retracted_at == second.retracted_at
    assert item_of(notification, bob).seq == 2
    assert FanOut.objects.filter(operation="retract").count() == 1
    assert retraction.sweep() == 0


@pytest.fixture
def big(tenant: Tenant, settings: Any) -> Notification:
    """To 30 people, in batches of 10, by a worker."""
    settings.HUB = {**settings.HUB, "fan_out_batch": 10, "fan_out_inline_limit": 5}
    return send(tenant, [f"user-{n:03}" for n in range(30)])


def test_a_big_one_is_withdrawn_by_the_sweep_in_batches(big: Notification) -> None:
    fan_out.sweep()
    withdraw(big)
    assert not InboxItem.objects.exclude(retracted_at=None).exists()
    assert retraction.carry_out(big.pk) == 3
    assert not InboxItem.objects.filter(retracted_at=None).exists()
    assert set(Stream.objects.values_list("last_seq", "unread", "unseen")) == {(2, 0, 0)}
    assert retraction.sweep() == 0


def test_one_that_was_cut_goes_on_where_it_stood(big: Notification, monkeypatch: pytest.MonkeyPatch) -> None:
    fan_out.sweep()
    withdraw(big)
    monkeypatch.setattr(retraction, "_tell", _dying_at_the_second(retraction._tell))
    retraction.carry_out(big.pk)
    work = FanOut.objects.get(operation="retract")
    assert (work.failures, InboxItem.objects.exclude(retracted_at=None).count()) == (1, 20)
    FanOut.objects.update(due_at=now())
    assert retraction.sweep() == 1
    assert set(Stream.objects.values_list("last_seq", "unread", "unseen")) == {(2, 0, 0)}


def _dying_at_the_second(tell: Callable[[Any], None]) -> Callable[[Any], None]:
    calls: list[Any] = []

    def dying(batch: Any) -> None:
        calls.append(batch)
        if len(calls) == 2:
            raise RuntimeError("the process dies here")
        tell(batch)

    return dying


def test_a_fan_out_that_is_under_way_stops(big: Notification, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "_tell", _dying_at_the_second(fan_out._tell))
    fan_out.run(big.pk)
    withdraw(big)
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 0
    assert retraction.sweep() == 1
    assert InboxItem.objects.count() == InboxItem.objects.exclude(retracted_at=None).count() == 20
    assert Notification.objects.get().status == "retracted"


def test_what_has_not_begun_reaches_nobody(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, "bob", send_at=now() + timedelta(hours=1))
    assert withdraw(notification).status == "retracted"
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 0
    assert not InboxItem.objects.exists()


def test_one_that_was_cancelled_or_is_somebody_elses_can_not_be(
    tenant: Tenant, bob: Subscriber, charlie: Subscriber
) -> None:
    notification = send(tenant, "bob", send_at=now() + timedelta(hours=1))
    with pytest.raises(NotFound):
        retract(tenant=charlie.tenant, notification_id=notification.pk)
    cancel(tenant=tenant, notification_id=notification.pk)
    with pytest.raises(Conflict):
        withdraw(notification)
