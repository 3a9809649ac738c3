"""Promise: whatever a provider does, each attempt ends in time with the right decision, no message to anybody else is hurt,
and no more copies arrive than the channel allows.

Every provider, and everything that one may do, all of it at once through one account, so that each is the others' neighbour.
While what hangs at one hangs, the next ones' turn comes. A new provider is a new row in `subjects.py`.
"""

import asyncio
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from pytest_django import Settings

from deliveries.providers.base import Provider, Receipt
from hub.conf import conf
from hub.fallback.work import Work
from hub.loop import run
from hub.policy.retry import UNKNOWNS, Answer, RetryPolicy, settle
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from project.emulators.base import Emulator
from project.emulators.recorder import Message
from project.emulators.script import EMPTY, HANG, RESET_AFTER, RESET_BEFORE, Act, Late, Refusal, Split
from project.emulators.serving import broken_tls, serving
from tests.deliveries.providers.subjects import SUBJECTS, Subject
from tests.support.outbound import let_in
from tests.support.works import carry, make_account, make_work

# Anymail speaks of SendGrid on its own account
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
# seconds; long enough that a busy machine answers the neighbours in time, and waited for once
TIMEOUT = 8.0
ACTS: Mapping[str, Act | None] = {
    "status200": None,
    **{f"status{status}": Refusal(status) for status in (400, 401, 403, 404, 410, 500, 503)},
    "status429": Refusal(429, retry_after=20),
    "status429date": Refusal(429, retry_after=datetime.now(UTC) + timedelta(hours=1)),
    "resetafter": RESET_AFTER,
    "empty": EMPTY,
    "split": Split(5),
}
ENDLESS: Mapping[str, Act] = {"hang": HANG, "late": Late(TIMEOUT + 1)}
NEIGHBOURS = [f"neighbour{number}" for number in range(5)]
Histories = dict[str, list[Receipt]]
every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


@pytest.fixture(scope="module")
def tried() -> dict[str, tuple[Emulator, Histories]]:
    """What came of everything, by the subject's name."""
    acts = {**ACTS, **ENDLESS}
    emulators = {subject.name: subject.emulator() for subject in SUBJECTS}
    with ExitStack() as stack:
        for emulator in emulators.values():
            stack.enter_context(serving(emulator))
            emulator.script.choose(lambda message: next((acts[w] for w in words_of(message) if w in acts), None))
        exempt = tuple(emulator.url.split("/")[2] for emulator in emulators.values())
        stack.enter_context(
            override_settings(HUB=django_settings.HUB | {"provider_timeout": TIMEOUT, "outbound_exempt": exempt})
        )
        histories = run(everything({name: emulator.url for name, emulator in emulators.items()}), timeout=300)
    return {name: (emulators[name], histories[name]) for name in emulators}


@every_subject
def test_what_it_does_is_what_we_decide(subject: Subject, tried: dict[str, tuple[Emulator, Histories]]) -> None:
    emulator, histories = tried[subject.name]
    acts, unknowns = [*ACTS, *ENDLESS], UNKNOWNS[kind_class(subject.kind).channel]
    decided = {name: str(history[0].outcome) for name, history in histories.items()}
    assert decided == {name: subject.expected[name] for name in acts} | dict.fromkeys(NEIGHBOURS, "sent")
    assert copies(emulator, NEIGHBOURS) == dict.fromkeys(NEIGHBOURS, 1)
    assert max(copies(emulator, acts).values()) <= unknowns
    certain = [name for name in acts if decided[name] not in ("sent", "ambiguous")]
    assert copies(emulator, certain) == dict.fromkeys(certain, 0)
    assert len(histories["status429"]) == len(histories["status503"]) == conf.retry_attempts


@every_subject
def test_it_waits_as_long_as_it_is_asked_to(subject: Subject, emulator: Emulator) -> None:
    later = datetime.now(UTC) + timedelta(seconds=600)
    emulator.script.then(Refusal(429, retry_after=20), Refusal(429, retry_after=later))
    by_seconds, by_date = send(subject, emulator.url, "one", "two")
    assert by_seconds.retry_after == 20
    if subject.dates:
        assert by_date.retry_after == pytest.approx(580, abs=20)


@every_subject
def test_a_connection_that_breaks_before_it_was_read(subject: Subject, emulator: Emulator) -> None:
    emulator.script.then(RESET_BEFORE)
    broken, next_one = send(subject, emulator.url, "resetbefore", "neighbour")
    assert (broken.outcome, next_one.outcome) == (subject.expected["resetbefore"], "sent")
    assert copies(emulator, ["resetbefore", "neighbour"]) == {"resetbefore": 0, "neighbour": 1}


@every_subject
def test_nobody_there(subject: Subject, settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/{subject.kind}"
        let_in(settings, url)
        (receipt,) = send(subject, url, "nobody")
    assert receipt.outcome == subject.expected["nobody"]


@every_subject
def test_broken_tls(subject: Subject, settings: Settings) -> None:
    with broken_tls() as (host, port):
        url = f"https://{host}:{port}/{subject.kind}"
        let_in(settings, url)
        (receipt,) = send(subject, url, "brokentls")
    assert receipt.outcome == subject.expected["brokentls"]


@every_subject
def test_changing_the_account_ends_no_call_under_way(subject: Subject, emulator: Emulator) -> None:
    emulator.script.then(Late(0.3))
    provider = made(subject, emulator.url)

    async def close_while_it_is_asked() -> Receipt:
        sending = asyncio.ensure_future(provider.send([work_for(subject, emulator.url, "slow")]))
        while not emulator.recorder.taken():  # noqa: ASYNC110  told by another thread
            await asyncio.sleep(0.01)
        await provider.close()
        return (await sending)[0]

    assert run(close_while_it_is_asked(), timeout=20).outcome == "sent"


@every_subject
def test_no_secret_and_no_address_in_what_is_kept(subject: Subject, emulator: Emulator) -> None:
    emulator.script.then(None, RESET_AFTER, RESET_BEFORE, *(Refusal(status) for status in (400, 401, 404, 500)))
    receipts = send(subject, emulator.url, *(f"said{number}" for number in range(7)))
    kept = [f"{receipt.code} {receipt.answer}" for receipt in receipts] + [repr(receipt) for receipt in receipts]
    secrets = [s.name for s in kind_class(subject.kind).settings if s.secret]
    config = subject.config_for(emulator.url)
    told = [str(config[name]) for name in secrets if name in config]
    told += [str(value) for value in subject.data(emulator.url).values()]
    assert not [secret for secret in told for line in kept if secret in line]


def account(subject: Subject, url: str) -> Account:
    return make_account(subject.kind, subject.config_for(url))


def made(subject: Subject, url: str) -> Provider:
    provider: Provider = kind_class(subject.kind)(account(subject, url))
    return provider


def work_for(subject: Subject, url: str, word: str) -> Work:
    said = {"title": "News", "body": f"It is {word} today", "action_url": "https://shop.example/1"}
    fields: dict[str, Any] = {"address": subject.address, "data": subject.data(url)}
    return make_work(said, message_id=f"{word}.0", account=account(subject, url), **fields)


def send(subject: Subject, url: str, *said: str) -> list[Receipt]:
    """One after the other, through one provider."""
    return carry(account(subject, url), *(work_for(subject, url, word) for word in said))


async def everything(urls: Mapping[str, str]) -> dict[str, Histories]:
    """By the subject's name, as its emulator's address is."""
    trials = [Trial(subject, urls[subject.name]) for subject in SUBJECTS]
    endless = [asyncio.ensure_future(trial.all_at_once(ENDLESS)) for trial in trials]
    histories = {trial.subject.name: await trial.all_at_once([*ACTS, *NEIGHBOURS]) for trial in trials}
    for trial, rest in zip(trials, endless, strict=True):
        histories[trial.subject.name] |= await rest
        await trial.provider.close()
    return histories


class Trial:
    """A subject's provider, and what it is made to go through."""

    def __init__(self, subject: Subject, url: str) -> None:
        self.subject, self.url = subject, url
        self.provider = made(subject, url)

    async def all_at_once(self, said: Iterable[str]) -> Histories:
        works = {word: work_for(self.subject, self.url, word) for word in said}
        histories = await asyncio.gather(*(history(self.provider, work) for work in works.values()))
        return dict(zip(works, histories, strict=True))


async def history(provider: Provider, work: Work) -> list[Receipt]:
    """Every attempt until the policy says that it is over, without the waits between them."""
    policy = RetryPolicy(conf.retry_first, conf.retry_max, conf.retry_attempts, UNKNOWNS[provider.channel])
    receipts: list[Receipt] = []
    attempts = unknowns = 0
    while True:
        receipts += await provider.send([work])
        answer = Answer(receipts[-1].outcome, receipts[-1].retry_after, safe=provider.idempotency is not None)
        settled = settle([answer], attempts=attempts, unknowns=unknowns, policy=policy, jitter=0)
        attempts, unknowns = settled.attempts, settled.unknowns
        if settled.state != "waiting":
            return receipts


def words_of(message: Message) -> list[str]:
    return re.findall(r"\w+", f"{message.title} {message.body}")


def copies(emulator: Emulator, said: list[str]) -> dict[str, int]:
    """How often each was taken."""
    taken = [words_of(message) for message in emulator.recorder.taken()]
    return {word: sum(word in words for words in taken) for word in said}
