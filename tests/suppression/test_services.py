"""The suppression list: an address is on it once, whoever says so, and comes off it by somebody's word alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.rows import ask
from hub.suppression.models import Suppression
from hub.suppression.selectors import suppressed
from hub.suppression.services import Entry, lift, lift_all, suppress
from hub.tenancy.models import Tenant

ADDRESS = "alice@example.com"


def entry(tenant: Tenant, reason: str = "complaint", address: str = ADDRESS, channel: str = "email") -> Entry:
    return Entry(tenant.pk, channel, address, reason, "test")


def reason_of(tenant: Tenant, address: str = ADDRESS) -> str | None:
    return ask(suppressed("email", [(tenant.pk, address)])).get((tenant.pk, address))


def test_an_address_is_on_the_list_once(tenant: Tenant) -> None:
    assert suppress([entry(tenant), entry(tenant, "stop"), entry(tenant, address="other@example.com")]) == 2
    assert suppress([entry(tenant, "hard_bounce")]) == 0
    assert reason_of(tenant) == "stop"
    assert Suppression.objects.count() == 2


def test_unsubscribe_gives_way_and_takes_no_place(tenant: Tenant) -> None:
    suppress([entry(tenant, "unsubscribe")])
    assert suppress([entry(tenant, "unsubscribe")]) == 0
    assert suppress([entry(tenant, "complaint")]) == 1
    assert suppress([entry(tenant, "unsubscribe")]) == 0
    assert reason_of(tenant) == "complaint"
    assert suppress([entry(tenant, "stop", "b@example.com"), entry(tenant, "unsubscribe", "b@example.com")]) == 1
    assert reason_of(tenant, "b@example.com") == "stop"


def test_case_tells_nobody_apart(tenant: Tenant) -> None:
    suppress([entry(tenant, address="Al@example.com")])
    assert reason_of(tenant, "aL@example.com") == "complaint"
    assert reason_of(tenant, "bal@example.com") is None


def test_each_tenant_and_channel_has_a_list_of_its_own(tenant: Tenant, charlie: Subscriber) -> None:
    suppress([entry(tenant)])
    assert reason_of(charlie.tenant) is None
    assert ask(suppressed("sms", [(tenant.pk, ADDRESS)])) == {}
    assert ask(suppressed("push", [(tenant.pk, ADDRESS)])) == {}


def test_what_is_lifted_stays_on_record(tenant: Tenant, charlie: Subscriber) -> None:
    suppress([entry(tenant)])
    with pytest.raises(NotFound):
        lift(tenant=charlie.tenant, channel="email", address=ADDRESS)
    lift(tenant=tenant, channel="email", address=ADDRESS)
    assert reason_of(tenant) is None
    with pytest.raises(NotFound):
        lift(tenant=tenant, channel="email", address=ADDRESS)
    assert suppress([entry(tenant, "hard_bounce")]) == 1
    ids = [row.pk for row in Suppression.objects.all()]
    assert lift_all(tenant=charlie.tenant, suppression_ids=ids) == 0
    assert lift_all(tenant=tenant, suppression_ids=ids) == 1
    assert Suppression.objects.exclude(lifted_at=None).count() == 2


def test_the_same_addresses_from_many_at_once(tenant: Tenant) -> None:
    """Receipts come in batches, to several processes: each address once, and no deadlock."""
    addresses = [f"user-{number}@example.com" for number in range(50)]

    def say(turn: int) -> int:
        try:
            ordered = addresses if turn % 2 else addresses[::-1]
            return suppress([entry(tenant, ("unsubscribe", "complaint")[turn % 2], address) for address in ordered])
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(say, range(24)))
    assert Suppression.objects.filter(reason="complaint").count() == Suppression.objects.count() == len(addresses)


def test_addresses_are_encrypted_at_rest(tenant: Tenant) -> None:
    suppress([entry(tenant)])
    with connection.cursor() as db:
        db.execute("SELECT string_agg(s::text, ' ') FROM hub_suppression s")
        assert "alice" not in db.fetchone()[0]
    assert Suppression.objects.get().address == ADDRESS


def test_an_erased_address_is_still_recognised(tenant: Tenant, alice: Subscriber) -> None:
    suppress([entry(tenant), entry(tenant, address="other@example.com")])
    erase_subscriber(tenant=tenant, external_id="alice")
    assert {row.address for row in Suppression.objects.all()} == {None, "other@example.com"}
    assert reason_of(tenant) == "complaint"
    suppress([entry(tenant)])
    assert Suppression.objects.count() == 2
