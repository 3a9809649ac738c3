"""Promise: whoever answers STOP is texted no more by anybody whom the account serves, until they answer START after it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import urlencode, urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from hub.audience.models import Subscriber
from hub.callbacks import help
from hub.callbacks.addresses import callback_url
from hub.callbacks.models import Callback
from hub.callbacks.processing import sweep
from hub.providers.accounts import Account, hub_accounts, of_row
from hub.providers.services import create_provider
from hub.suppression.models import Suppression
from hub.suppression.services import Entry, suppress
from project.emulators.africas_talking import AfricasTalking
from project.emulators.serving import serving
from tests.support.factories import make_subscriber, make_tenant
from tests.support.outbound import let_in

NUMBER = "+254711000001"
KNOWN = {"username": "shop", "api_key": "k"}
numbers = count(1)


@pytest.fixture
def account(settings: Settings) -> Account:
    """The hub's own."""
    settings.HUB = settings.HUB | {"providers": {"texts": {"kind": "africas_talking", **KNOWN}}}
    return hub_accounts("sms")[0]


@pytest.fixture
def theirs(alice: Subscriber) -> list[str]:
    """The tenants that know the number."""
    tenants = [alice.tenant, make_tenant("other")]
    for tenant in tenants:
        make_subscriber(tenant, "phone", phone=NUMBER)
    make_tenant("third")
    return sorted(tenant.slug for tenant in tenants)


def say(account: Account, text: str) -> None:
    form = urlencode({"from": NUMBER, "text": text, "id": str(next(numbers))})
    path = urlsplit(callback_url(account)).path
    answer = Client().post(path, form.encode(), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200


def put_off() -> None:
    """What has come is worked through after what comes next."""
    Callback.objects.filter(due_at__isnull=False).update(due_at=datetime.now(UTC) + timedelta(hours=1))


def silenced() -> list[str]:
    """Tenants that text the number no more."""
    return sorted(Suppression.objects.filter(lifted_at=None).values_list("tenant__slug", flat=True))


def test_everybody_whom_the_account_serves_hears_it_and_nobody_else(account: Account, theirs: list[str]) -> None:
    say(account, "Stop, please!")
    sweep()
    assert silenced() == theirs
    assert set(Suppression.objects.values_list("channel", "reason", "source")) == {
        ("sms", "stop", "africas_talking:texts")
    }
    say(account, "START")
    sweep()
    assert silenced() == []


def test_at_a_tenants_own_account_it_is_that_tenants(theirs: list[str], alice: Subscriber) -> None:
    own = of_row(create_provider(tenant=alice.tenant, key="own", kind="africas_talking", config=KNOWN))
    say(own, "stop")
    sweep()
    assert silenced() == [alice.tenant.slug]


def test_a_start_takes_back_no_stop_that_came_after_it(account: Account, theirs: list[str]) -> None:
    say(account, "start")
    put_off()
    say(account, "stop")
    sweep()
    Callback.objects.filter(due_at__isnull=False).update(due_at=Now())
    assert sweep() == 1
    assert silenced() == theirs


def test_a_worker_that_died_before_it_said_so_changes_nothing(account: Account, theirs: list[str]) -> None:
    """A START is worked through twice, the second time after the STOP that followed it."""
    for text in ("stop", "start", "stop"):
        say(account, text)
        sweep()
    start = Callback.objects.order_by("received_at")[1]
    Callback.objects.filter(pk=start.pk).update(due_at=Now())
    assert sweep() == 1
    assert silenced() == theirs


@pytest.mark.usefixtures("theirs")
def test_the_last_word_counts_although_both_waited(account: Account) -> None:
    say(account, "stop")
    say(account, "start")
    assert sweep() == 2
    assert silenced() == []


def test_who_asks_for_help_is_answered_once_whatever_they_said_before(settings: Settings, alice: Subscriber) -> None:
    make_subscriber(alice.tenant, "phone", phone=NUMBER)
    with serving(emulator := AfricasTalking()):
        let_in(settings, emulator.url)
        known = {"username": emulator.username, "api_key": emulator.key, "url": emulator.url}
        own = {"kind": "africas_talking", **known, "help_text": "Write to help@shop.example."}
        settings.HUB = settings.HUB | {"providers": {"texts": own}}
        (texts,) = hub_accounts("sms")
        say(texts, "stop")
        say(texts, "Help!")
        assert sweep() == 2
        (told,) = emulator.recorder.wait(1, to=NUMBER)
        assert told.body == "Write to help@shop.example."
        assert silenced() == [alice.tenant.slug]
        assert sweep() == 0

        settings.HUB = settings.HUB | {"providers": {"texts": own | {"help_text": "Please call."}}}
        say(hub_accounts("sms")[0], "info")
        sweep()
        assert [message.body for message in emulator.recorder.wait(2, to=NUMBER)] == [told.body, "Please call."]


@pytest.mark.usefixtures("theirs")
def test_without_words_for_it_nobody_is_answered(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help, "spawn", pytest.fail)
    say(account, "help")
    assert sweep() == 1


def test_a_start_lifts_nothing_but_a_stop(account: Account, alice: Subscriber) -> None:
    make_subscriber(alice.tenant, "phone", phone=NUMBER)
    suppress([Entry(alice.tenant_id, "sms", NUMBER, "complaint", "somebody")])
    say(account, "start")
    sweep()
    assert silenced() == [alice.tenant.slug]
