"""Consent is about a number, is never changed, and the latest word counts."""

from datetime import timedelta

import pytest

from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.clock import now
from hub.consent.models import Consent
from hub.consent.selectors import consented
from hub.consent.services import record_consent
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant
from tests.support.factories import make_subscriber

PHONE = "+4930123456"


@pytest.fixture
def dora(tenant: Tenant) -> Subscriber:
    return make_subscriber(tenant, "dora", phone=PHONE)


def say(subscriber: Subscriber, granted: bool, ago: int = 0) -> Consent:
    given_at = now() - timedelta(seconds=ago)
    return record_consent(subscriber=subscriber, channel="sms", granted=granted, source="a form", given_at=given_at)


def agreed(subscriber: Subscriber, phone: str = PHONE) -> bool:
    place = (subscriber.tenant_id, phone)
    return place in consented("sms", [place, (subscriber.tenant_id, "+4930000000")])


def test_silence_is_no_consent(dora: Subscriber) -> None:
    assert not agreed(dora)


def test_the_latest_word_counts_and_every_word_is_kept(dora: Subscriber) -> None:
    for granted in (True, False, True):
        say(dora, granted)
        assert agreed(dora) is granted
    assert Consent.objects.count() == 3


def test_an_old_word_that_comes_late_counts_less(dora: Subscriber) -> None:
    say(dora, False, ago=60)
    say(dora, True, ago=3600)
    assert not agreed(dora)


def test_two_words_of_one_instant_count_in_the_order_in_which_they_came(dora: Subscriber) -> None:
    at = now()
    for granted in (False, True, False):
        record_consent(subscriber=dora, channel="sms", granted=granted, source="x", given_at=at)
    assert not agreed(dora)


def test_a_new_number_is_asked_again(dora: Subscriber, tenant: Tenant) -> None:
    say(dora, True)
    changed = make_subscriber(tenant, "dora", phone="+4930999888")
    assert not agreed(changed, "+4930999888")
    assert agreed(changed)


def test_another_tenant_has_to_ask_for_itself(dora: Subscriber, charlie: Subscriber) -> None:
    say(dora, True)
    assert not agreed(charlie)


def test_it_is_erased_with_them(dora: Subscriber, tenant: Tenant) -> None:
    say(dora, True)
    erase_subscriber(tenant=tenant, external_id="dora")
    assert not Consent.objects.exists()
    assert not agreed(dora)


def test_without_a_number_a_source_or_a_past_it_is_refused(dora: Subscriber, alice: Subscriber) -> None:
    for who, source, ago, field in (
        (alice, "x", 0, "channel"),
        (dora, " ", 0, "source"),
        (dora, "x", -3600, "given_at"),
    ):
        given_at = now() - timedelta(seconds=ago)
        with pytest.raises(InvalidRequest) as refusal:
            record_consent(subscriber=who, channel="sms", granted=True, source=source, given_at=given_at)
        assert refusal.value.errors[0].field == field
