"""Promise: email services are spoken to by Anymail's own backends, over the hub's own wire, together where that is right."""

import json
from typing import Any

import pytest
from anymail.backends.base import AnymailBaseBackend
from pytest_django import Settings

from deliveries.providers.anymail_mail import AnymailMail
from deliveries.providers.base import Receipt
from deliveries.providers.errors import Configuration
from deliveries.providers.esps import ESPS
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.loop import run
from hub.providers.accounts import Account
from project.emulators.base import Emulator
from project.emulators.postmark import Postmark
from project.emulators.script import Refusal, Reply
from project.emulators.sendgrid import SendGrid
from project.emulators.serving import serving
from tests.deliveries.providers.subjects import SUBJECTS, Subject
from tests.support.outbound import let_in
from tests.support.receiver import Receiver
from tests.support.works import make_account, make_work

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
ESP_SUBJECTS = [subject for subject in SUBJECTS if subject.kind == "anymail"]
BATCHED = [subject for subject in ESP_SUBJECTS if subject.emulator in (SendGrid, Postmark)]
each_esp = pytest.mark.parametrize("subject", ESP_SUBJECTS, ids=lambda subject: subject.name)
each_batched = pytest.mark.parametrize("subject", BATCHED, ids=lambda subject: subject.name)


def account(subject: Subject, url: str, **more: Any) -> Account:
    return make_account("anymail", {**subject.config_for(url), **more}, id=str(uuid7()))


def send(mine: Account, *works: Work) -> list[Receipt]:
    """Together."""
    provider = AnymailMail(mine)

    async def sent() -> list[Receipt]:
        try:
            return list(await provider.send(works))
        finally:
            await provider.close()

    return run(sent(), timeout=60)


def crowd(mine: Account, count: int = 20, **more: Any) -> list[Work]:
    """Works of one notification."""
    notification = uuid7()
    ids = [uuid7() for _ in range(count)]
    return [
        make_work(
            account=mine,
            notification_id=notification,
            delivery_id=ids[number],
            message_id=f"{ids[number]}.0",
            address=f"reader{number}@example.com",
            **more,
        )
        for number in range(count)
    ]


@each_esp
def test_anymails_own_backend_speaks(subject: Subject, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = []
    whole = AnymailBaseBackend._send

    def listen(self: Any, message: Any) -> Any:
        spoken.append(type(self).__module__)
        return whole(self, message)

    monkeypatch.setattr(AnymailBaseBackend, "_send", listen)
    mine = account(subject, emulator.url, **{"from": "Shop <news@shop.example>"})
    (receipt,) = send(mine, make_work(account=mine))
    assert receipt.outcome == "sent"
    (message,) = emulator.recorder.taken()
    assert spoken == [f"anymail.backends.{subject.name}"]
    assert "django-anymail" in message.headers["user-agent"]
    assert "news@shop.example" in message.sender
    assert "01932d3f-0000-7000-8000-000000000001" in json.dumps(message.asked)
    if subject.name != "sendgrid":  # whose id Anymail makes up itself
        assert getattr(receipt, "message_id", "") == message.id


def of(esp: str, url: str) -> Account:
    config = {"esp": esp, "url": url, **dict.fromkeys(ESPS[esp].names, "k")}
    return make_account("anymail", config, id=str(uuid7()))


@pytest.mark.parametrize("esp", sorted(ESPS.keys() - {subject.name for subject in ESP_SUBJECTS}))
def test_a_service_without_an_emulator_takes_our_message_too(esp: str, api: Receiver, settings: Settings) -> None:
    """Anymail knows for each what the message is made of: headers, metadata, both bodies."""
    let_in(settings, api.url())
    mine = of(esp, api.url())
    (receipt,) = send(mine, make_work({"title": "Grüße"}, account=mine))
    assert receipt.outcome == "ambiguous"  # the answer is Postmark's
    assert "01932d3f-0000-7000-8000-000000000001" in api.got[0].body.decode()


@pytest.mark.parametrize("esp", ESPS)
def test_an_account_never_borrows_the_hubs_own_key(esp: str, settings: Settings) -> None:
    settings.ANYMAIL = {
        f"{esp.upper()}_{name.upper()}": "the hub's" for name in ("api_key", "server_token", "secret_key")
    }
    whole = of(esp, "https://api.example/")
    AnymailMail(whole)
    for name in ESPS[esp].names:
        lacking = {key: value for key, value in whole.config.items() if key != name}
        with pytest.raises(Configuration, match=f"no_{name}"):
            AnymailMail(make_account("anymail", lacking))


@pytest.mark.parametrize("esp", ["postmark", "mailgun", "amazon_ses"])
def test_no_tenant_reaches_an_address_inside(esp: str, api: Receiver) -> None:
    mine = of(esp, api.url())
    (receipt,) = send(mine, make_work(account=mine))
    assert (receipt.outcome, receipt.code) == ("configuration", "blocked")
    assert api.got == []


def test_a_redirect_is_not_followed(settings: Settings) -> None:
    emulator = Postmark()
    with serving(emulator):
        let_in(settings, emulator.url)
        emulator.script.always(Reply(307, headers={"location": f"{emulator.url}/elsewhere"}))
        mine = account(BATCHED[1], emulator.url)
        (receipt,) = send(mine, make_work(account=mine))
    assert (receipt.outcome, receipt.code) == ("configuration", "307")
    assert len(emulator.recorder.asked()) == 1


@each_batched
def test_one_call_carries_many_each_with_its_own_headers(subject: Subject, emulator: Emulator) -> None:
    mine = account(subject, emulator.url)
    works = crowd(mine)
    assert {AnymailMail(mine).batch_key(work) for work in works} == {(works[0].notification_id, "")}
    receipts = send(mine, *works)
    assert {receipt.outcome for receipt in receipts} == {"sent"}
    assert len({getattr(receipt, "message_id", "") for receipt in receipts}) == len(works)
    messages = emulator.recorder.taken()
    assert [message.to for message in messages] == [work.address for work in works]
    assert {message.title for message in messages} == {"Hello"}
    for message, work in zip(messages, works, strict=True):
        said = json.dumps(message.asked)
        assert f"<{work.message_id}@" in said
        assert str(work.delivery_id) in said
        assert not [other for other in works if other is not work and str(other.delivery_id) in said]


@each_batched
def test_the_biggest_call_is_answered(subject: Subject, emulator: Emulator) -> None:
    mine = account(subject, emulator.url)
    receipts = send(mine, *crowd(mine, AnymailMail(mine).batch_size))
    assert {receipt.outcome for receipt in receipts} == {"sent"}


@each_batched
def test_what_says_something_else_or_goes_to_the_same_address_goes_alone(subject: Subject, emulator: Emulator) -> None:
    mine = account(subject, emulator.url)
    two = crowd(mine, 2)
    send(mine, two[0], make_work({"title": "Other"}, account=mine))
    send(mine, two[0], make_work(account=mine, address=two[0].address.upper()))
    calls = emulator.recorder.taken()
    assert [message.title for message in calls] == ["Hello", "Other", "Hello", "Hello"]


@each_batched
def test_a_call_that_is_refused_is_made_again_one_by_one(subject: Subject, emulator: Emulator) -> None:
    mine = account(subject, emulator.url)
    works = crowd(mine, 3)
    emulator.script.then(Refusal(400))
    receipts = send(mine, *works)
    assert {(receipt.outcome, receipt.retry_after) for receipt in receipts} == {("deferred", 0.0)}
    again = crowd(mine, 3, fence=2)
    assert len({AnymailMail(mine).batch_key(work) for work in again}) == 3


@each_batched
@pytest.mark.parametrize(("act", "outcome"), [(429, "throttled"), (401, "configuration"), (500, "ambiguous")])
def test_what_is_said_of_the_call_counts_for_all(subject: Subject, emulator: Emulator, act: int, outcome: str) -> None:
    mine = account(subject, emulator.url)
    emulator.script.then(Refusal(act))
    assert {receipt.outcome for receipt in send(mine, *crowd(mine, 3))} == {outcome}


def test_each_message_of_a_call_has_an_answer_of_its_own(settings: Settings) -> None:
    emulator = Postmark()
    answers = [
        {"ErrorCode": 0, "Message": "OK", "MessageID": "m-0", "To": "reader0@example.com"},
        {"ErrorCode": 406, "Message": "inactive"},
        {"ErrorCode": 412, "Message": "pending approval"},
    ]
    with serving(emulator):
        let_in(settings, emulator.url)
        emulator.script.always(Reply(200, json.dumps(answers).encode(), {"content-type": "application/json"}))
        mine = account(BATCHED[1], emulator.url)
        receipts = send(mine, *crowd(mine, 3))
    assert [receipt.outcome for receipt in receipts] == ["sent", "address_dead", "permanent"]
