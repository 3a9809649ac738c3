"""Promise: what is due is sent once, urgent things first; nothing that hangs or fails holds up or doubles the rest."""

import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from deliveries import dispatch, recorder
from deliveries.database import persistently
from deliveries.providers.base import Sent
from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery
from hub.fallback.record import Result, record
from hub.fallback.work import Work
from tests.deliveries.smtp_server import DROP, HANG, MailServer
from tests.support.deliveries import make_due, owe, pause_of
from tests.support.factories import make_subscriber
from tests.support.fake_provider import FakeChat, hang
from tests.support.waiting import wait_until


def states() -> set[tuple[str, str]]:
    return set(Delivery.objects.values_list("state", "reason"))


def test_all_that_is_due_is_mailed_once_with_the_servers_words_on_record(alice: Subscriber, mail: MailServer) -> None:
    people = [make_subscriber(alice.tenant, email=f"user{n}@example.com") for n in range(60)]
    for person in people:
        owe(person)
    assert dispatch.dispatch("email", "high") is False
    assert states() == {("sent", "")}
    assert sorted(mail.recipients) == sorted([person.email] for person in people)
    assert set(Attempt.objects.values_list("outcome", "code", "answer")) == {("sent", "250", "queued as 4711")}
    assert len({message["Message-ID"] for message in mail.received}) == 60


def test_the_attempt_is_committed_before_the_call(alice: Subscriber, fake: type[FakeChat]) -> None:
    seen: list[tuple[str, str]] = []

    def look(work: Work) -> Sent:
        # another thread, so another connection: it sees only what is committed
        try:
            attempt = Attempt.objects.select_related("destination__delivery").get(destination_id=work.destination_id)
            seen.append((attempt.outcome, attempt.destination.delivery.state))
        finally:
            connection.close()
        return Sent()

    fake.act = staticmethod(look)
    owe(alice, channel="chat")
    dispatch.dispatch("chat", "high")
    assert seen == [("", "claimed")]
    assert states() == {("sent", "")}


def test_what_could_not_be_reached_is_tried_again_in_the_same_run(alice: Subscriber, mail: MailServer) -> None:
    mail.behaviour["rcpt"] = DROP
    delivery = owe(alice)
    dispatch.dispatch("email", "high")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 2)
    assert pause_of(delivery) > 40
    mail.behaviour.clear()
    make_due()
    dispatch.dispatch("email", "high")
    assert states() == {("sent", "")}
    assert len(mail.received) == 1


@pytest.mark.usefixtures("hasty")
def test_a_server_that_takes_mail_and_never_answers_gets_two_copies_at_most(
    alice: Subscriber, mail: MailServer
) -> None:
    mail.behaviour["payload"] = HANG
    delivery = owe(alice)
    for _ in range(4):
        dispatch.dispatch("email", "high")
        make_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.unknowns) == ("dead", "ambiguous", 2)
    assert len(mail.received) == 2
    assert len({message["Message-ID"] for message in mail.received}) == 1


def test_a_copy_of_unknown_fate_and_a_sent_one_are_the_most(alice: Subscriber, mail: MailServer) -> None:
    mail.behaviour["payload"] = DROP
    owe(alice)
    dispatch.dispatch("email", "high")
    mail.behaviour.clear()
    for _ in range(3):
        make_due()
        dispatch.dispatch("email", "high")
    assert states() == {("sent", "")}
    assert len(mail.received) == 2


def test_a_channel_that_hangs_holds_up_no_other(alice: Subscriber, fake: type[FakeChat], mail: MailServer) -> None:
    fake.act = staticmethod(hang)
    for _ in range(20):
        owe(alice, channel="chat", lane="bulk")
    owe(alice)
    dispatch.start("chat", "bulk")
    wait_until(lambda: fake.calls)
    dispatch.dispatch("email", "high")
    assert len(mail.received) == 1
    fake.open_gate.set()
    assert dispatch.join(30)
    assert states() == {("sent", "")}


def test_bulk_that_hangs_leaves_threads_for_what_is_urgent(alice: Subscriber, fake: type[FakeChat]) -> None:
    fake.act = staticmethod(lambda work: hang(work) if work.category == "general" else Sent())
    for _ in range(20):
        owe(alice, channel="chat", lane="bulk")
    dispatch.start("chat", "bulk")
    wait_until(lambda: len(fake.calls) == 3)
    urgent = owe(alice, channel="chat")
    type(urgent.notification).objects.filter(id=urgent.notification_id).update(category="security")
    dispatch.dispatch("chat", "high")
    urgent.refresh_from_db()
    assert urgent.state == "sent"


def test_no_more_is_claimed_than_can_be_sent_within_the_lease(alice: Subscriber, fake: type[FakeChat]) -> None:
    fake.act = staticmethod(hang)
    for _ in range(20):
        owe(alice, channel="chat", lane="bulk")
    dispatch.start("chat", "bulk")
    wait_until(lambda: len(fake.calls) == 3)
    time.sleep(0.1)
    # its share of the places, and one ahead
    assert Delivery.objects.filter(state="claimed").count() == 5


def test_a_call_that_would_begin_too_late_is_not_made(
    alice: Subscriber, fake: type[FakeChat], settings: Settings
) -> None:
    settings.HUB = settings.HUB | {"delivery_lease": 2, "provider_timeout": 1}
    delivery = owe(alice, channel="chat")
    dispatch.dispatch("chat", "high")
    assert fake.calls == []
    delivery.refresh_from_db()
    assert (delivery.state, delivery.unknowns) == ("waiting", 0)
    assert set(Attempt.objects.values_list("code", "outcome")) == {("not_started", "deferred")}


def test_asked_to_stop_it_finishes_what_is_in_flight_and_claims_nothing_more(
    alice: Subscriber, fake: type[FakeChat]
) -> None:
    fake.act = staticmethod(hang)
    for _ in range(20):
        owe(alice, channel="chat", lane="bulk")
    dispatch.start("chat", "bulk")
    wait_until(lambda: len(fake.calls) == 3)
    dispatch.stopping.set()
    fake.open_gate.set()
    assert dispatch.join(30)
    # three were called, and one was on record, on its way to a call
    assert (len(fake.calls), Delivery.objects.filter(state="sent").count()) == (4, 4)
    assert Delivery.objects.filter(state="waiting").count() == 16
    assert dispatch.dispatch("chat", "bulk") is True


def test_a_wake_up_after_a_runs_last_look_is_not_lost(
    alice: Subscriber, fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = dispatch.Drain.run
    late: list[bool] = []

    def drain_and_be_woken(self: dispatch.Drain) -> bool:
        more = drain(self)
        if not late:
            owe(alice, channel="chat")
            late.append(dispatch.dispatch("chat", "high"))
        return more

    monkeypatch.setattr(dispatch.Drain, "run", drain_and_be_woken)
    owe(alice, channel="chat")
    dispatch.dispatch("chat", "high")
    assert late == [False]
    assert len(fake.calls) == 2


def test_a_run_ends_after_a_while_and_says_that_there_is_more(
    alice: Subscriber, fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes on by as much with the first call."""
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (dispatch.LONGEST_RUN if fake.calls else 0))
    monkeypatch.setattr(dispatch, "time", clock)
    for _ in range(40):
        owe(alice, channel="chat", lane="bulk")
    assert dispatch.dispatch("chat", "bulk") is True
    assert 0 < Delivery.objects.filter(state="sent").count() < 40
    assert not Delivery.objects.filter(state="claimed").exists()


def test_many_processes_worth_of_runs_send_each_delivery_once(alice: Subscriber, mail: MailServer) -> None:
    """Each thread stands for a worker: its own claims, no turn-taking with the others."""
    for _ in range(80):
        owe(alice, lane="bulk")
    until = time.monotonic() + 60
    errors: list[BaseException] = []

    def work() -> None:
        try:
            dispatch.Drain("email", "bulk", until).run()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(mail.received) == 80
    assert states() == {("sent", "")}


def test_a_provider_that_raises_leaves_its_deliveries_ambiguous(
    alice: Subscriber, fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(self: FakeChat, batch: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fake, "send", send)
    owe(alice, channel="chat")
    dispatch.dispatch("chat", "high")
    assert states() == {("waiting", "retrying")}
    assert Attempt.objects.get().outcome == "ambiguous"


def test_an_answer_is_recorded_although_the_database_cut_the_connection(
    alice: Subscriber, fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts: list[int] = []

    def record_after_a_cut(results: Sequence[Result]) -> int:
        if results and not cuts:
            cuts.append(1)
            with connection.cursor() as db:
                db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return record(results)

    monkeypatch.setattr(recorder, "record", record_after_a_cut)
    owe(alice, channel="chat")
    dispatch.dispatch("chat", "high")
    assert cuts
    assert states() == {("sent", "")}


def test_patience_with_the_database_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deliveries.database.PAUSES", (0.01, 0.01))
    tried: list[int] = []

    def fail() -> None:
        tried.append(1)
        raise OperationalError

    with pytest.raises(OperationalError):
        persistently(fail)
    assert len(tried) == 3


def test_a_channel_that_nobody_serves_skips_what_is_due(alice: Subscriber) -> None:
    for _ in range(3):
        owe(alice, channel="chat")
    assert dispatch.dispatch("chat", "high") is False
    assert states() == {("skipped", "no_destination")}
