"""Promise: a tenant that asks for consent texts nobody without it, and advertising stays in the hours of its reader."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.audience.models import Subscriber
from hub.audience.numbers import place_of
from hub.clock import now
from hub.consent.services import record_consent
from hub.fallback.models import Attempt
from hub.tenancy.models import Tenant
from tests.support.deliveries import make_item, owe, state_of, take

pytestmark = pytest.mark.usefixtures("texting")


def agree(subscriber: Subscriber, granted: bool = True) -> None:
    subscriber.refresh_from_db()
    record_consent(subscriber=subscriber, channel="sms", granted=granted, source="a form")


@pytest.fixture
def asking(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(consent_required=True)


@pytest.mark.usefixtures("asking")
def test_without_consent_nothing_is_texted(alice: Subscriber) -> None:
    silent, mail = owe(alice, channel="sms"), owe(alice)
    assert take(channel="sms").works == ()
    assert state_of(silent) == ("skipped", "no_consent")
    assert len(take().works) == 1
    agree(alice)
    owe(alice, channel="sms")
    assert len(take(channel="sms").works) == 1
    agree(alice, granted=False)
    taken_back = owe(alice, channel="sms")
    take(channel="sms")
    assert state_of(taken_back) == ("skipped", "no_consent")
    assert state_of(mail)[0] == "claimed"


@pytest.mark.usefixtures("asking")
def test_what_is_required_asks_nobody(alice: Subscriber) -> None:
    owe(alice, make_item(alice, required=True), channel="sms")
    assert len(take(channel="sms").works) == 1


def test_a_tenant_that_does_not_ask_texts_who_never_said_anything(alice: Subscriber) -> None:
    owe(alice, channel="sms")
    assert len(take(channel="sms").works) == 1


def rule(tenant: Tenant, begins_in: timedelta, lasts: timedelta, zone: str, **more: object) -> datetime:
    """A rule whose window opens so long from now, in a zone. Returns that instant, to the minute."""
    opens = now().replace(second=0, microsecond=0) + begins_in
    wall = [f"{at.astimezone(ZoneInfo(zone)):%H:%M}" for at in (opens, opens + lasts)]
    window = {"from": wall[0], "to": wall[1]}
    if wall[0] >= wall[1]:
        pytest.fail("choose a zone in which it is about noon")
    Tenant.objects.filter(pk=tenant.pk).update(sms_hours={"categories": ["marketing"], **window, **more})
    return opens


def noon() -> str:
    """A zone in which it is about noon, whenever the test runs. Of these, `Etc/GMT-5` is five hours ahead."""
    behind = now().hour - 12
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


@pytest.mark.parametrize("category", ["marketing", "general"])
@pytest.mark.parametrize("required", [True, False])
def test_advertising_waits_for_its_hours(alice: Subscriber, category: str, required: bool) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(timezone=noon())
    opens = rule(alice.tenant, timedelta(hours=2), timedelta(hours=1), noon())
    delivery = owe(alice, make_item(alice, category=category, required=required), channel="sms")
    waits = category == "marketing" and not required
    assert len(take(channel="sms").works) == (not waits)
    assert state_of(delivery) == (("waiting", "outside_hours") if waits else ("claimed", ""))
    if waits:
        assert abs(delivery.due_at - opens) < timedelta(seconds=5)
        assert (delivery.lease_until, Attempt.objects.count()) == (None, 0)
        Tenant.objects.filter(pk=alice.tenant_id).update(
            sandbox=True, clock_offset=opens - now() + timedelta(minutes=1)
        )
        assert len(take(channel="sms").works) == 1


def test_within_its_hours_it_goes(alice: Subscriber) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(timezone=noon())
    rule(alice.tenant, -timedelta(hours=1), timedelta(hours=2), noon())
    owe(alice, make_item(alice, category="marketing"), channel="sms")
    assert len(take(channel="sms").works) == 1


def test_a_country_has_hours_of_its_own(alice: Subscriber) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(timezone=noon())
    always = {"from": "00:00", "to": "23:59"}
    rule(alice.tenant, timedelta(hours=2), timedelta(hours=1), noon(), countries={"DE": always})
    owe(alice, make_item(alice, category="marketing"), channel="sms")
    assert len(take(channel="sms").works) == 1


def test_mail_knows_no_hours(alice: Subscriber) -> None:
    rule(alice.tenant, timedelta(hours=2), timedelta(hours=1), noon())
    owe(alice, make_item(alice, category="marketing"))
    assert len(take().works) == 1


@pytest.mark.parametrize(
    ("phone", "country", "zone"),
    [
        ("+4930123456", "DE", "Europe/Berlin"),
        ("+12025550123", "US", "America/New_York"),
        ("+255754123456", "TZ", "Africa/Dar_es_Salaam"),
        ("+80012345678", "", "Etc/UTC"),
        ("", "", "Etc/UTC"),
    ],
)
def test_a_number_tells_where_it_may_be(phone: str, country: str, zone: str) -> None:
    found, zones = place_of(phone)
    assert (found, zones[0]) == (country, zone)
