"""An endpoint fails, breaks off and hangs, while web and worker are killed: each event arrives, under one id; none is lost."""

import random
import select
import socket
import threading
import time
from collections import defaultdict
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.changed import settings
from tests.chaos.kill import Killer, Senders
from tests.support.receiver import Handler, reset, running_receiver

# shorter leases than the product's, so that what a killed worker held comes back while we watch
FASTER = {"provider_timeout": 2, "delivery_lease": 5}
FINAL_WITHIN = 240.0
EVENTS = ("notification.accepted", "notification.processed")
# of the first calls for an event: how many get which answer
TROUBLES = {"good": 10, "500": 4, "reset": 2, "hang": 2, "kept, then reset": 2}


def run(options: Options) -> Report:
    report = Report("webhooks")
    size = 40 if options.short else 1000
    with running_receiver() as receiver:
        endpoint = Endpoint(receiver.over)
        receiver.act = endpoint.answer
        environment = settings(**FASTER, outbound_exempt=[receiver.host])
        with world(report, options, users=10, run=("web", "worker", "scheduler"), **environment) as its:
            with its.api() as api:
                api.good("PUT", "/event-types/alarm", {"name": "Alarm", "category": "alarms", "ladder": []})
                wanted = {"url": receiver.url("/"), "events": ["notification.*"]}
                endpoint.verifier = Webhook(api.good("POST", "/webhooks", wanted)["secret"])
            senders = Senders(its, size)
            killer = Killer(its, endpoint, pause=(0.3, 1.2) if options.short else (0.8, 3.0))
            report.progress(f"{size} notifications; the endpoint fails, and processes are killed")
            _work(senders, killer, its, rounds=5 if options.short else 40)
            _wait_until_final(its, report)
            report.check(not senders.problems, f"{len(senders.problems)} requests failed: {senders.problems[:1]}")
            _check(its, report, endpoint, set(senders.accepted))
            report.check(killer.amid_calls > 0, "no worker was killed amid a call: nothing was tested")
            report.figure(f"killed: {killer.summary()}; answers: {endpoint.summary()}")
    return report


class Endpoint:
    """Keeps an event as it answers, if its caller is still there. Of the first calls for each some go wrong."""

    verifier: Webhook

    def __init__(self, over: threading.Event) -> None:
        self.over = over
        # (type, id of the notification) → the webhook-ids under which it was kept
        self.kept: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.answers = dict.fromkeys((*TROUBLES, "left alone", "forged"), 0)
        self.in_call = 0
        self._seen: set[tuple[str, str]] = set()
        self._dice = random.Random(5)
        self._lock = threading.Lock()

    def answer(self, handler: Handler) -> None:
        with self._lock:
            self.in_call += 1
        try:
            self._answer(handler)
        finally:
            with self._lock:
                self.in_call -= 1

    def summary(self) -> str:
        return ", ".join(f"{name} {times}" for name, times in self.answers.items())

    def _answer(self, handler: Handler) -> None:
        event = handler.got.event
        key = (event["type"], event["data"]["id"])
        trouble = self._choose(key)
        if trouble == "500":
            handler.answer(500)
        elif trouble == "reset":
            reset(handler)
        elif trouble == "hang":
            self.over.wait(30)
        elif self._keeps(key, handler):
            reset(handler) if trouble == "kept, then reset" else handler.answer(204)

    def _choose(self, key: tuple[str, str]) -> str:
        with self._lock:
            first = key not in self._seen
            self._seen.add(key)
            trouble = self._dice.choices(list(TROUBLES), TROUBLES.values())[0] if first else "good"
            self.answers[trouble] += 1
        return trouble

    def _keeps(self, key: tuple[str, str], handler: Handler) -> bool:
        time.sleep(self._dice.uniform(0.05, 0.4))
        if _hung_up(handler.connection):
            self.answers["left alone"] += 1
            return False
        try:
            self.verifier.verify(handler.got.body, handler.got.headers)
        except WebhookVerificationError:
            self.answers["forged"] += 1
        with self._lock:
            self.kept[key].append(handler.got.id)
        return True


def _hung_up(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""


def _work(senders: Senders, killer: Killer, its: World, *, rounds: int) -> None:
    """Kill while there is something to send or to post, `rounds` times at most."""
    sending = threading.Thread(target=senders.run)
    sending.start()
    for _ in range(rounds):
        if not sending.is_alive() and not _unfinished(its):
            break
        killer.kill_one()
    sending.join()


def _unfinished(its: World) -> int:
    owed = "SELECT count(*) FROM hub_webhookdelivery WHERE state IN ('waiting', 'claimed')"
    return int(its.value(f"SELECT ({owed}) + (SELECT count(*) FROM hub_fanout WHERE done_at IS NULL)"))


def _wait_until_final(its: World, report: Report) -> None:
    """Nobody waits five minutes for a second retry: what waits is made due."""
    report.progress("no more kills; waiting until every event is delivered")
    deadline = time.monotonic() + FINAL_WITHIN
    while (left := _unfinished(its)) and time.monotonic() < deadline:
        its.sql.execute("UPDATE hub_webhookdelivery SET due_at = now() WHERE state = 'waiting' AND due_at > now()")
        time.sleep(1)
    report.check(not left, f"{left} fan-outs or events are not final after {FINAL_WITHIN:.0f} s")


def _check(its: World, report: Report, endpoint: Endpoint, accepted: set[str]) -> None:
    wanted = {(name, notification) for notification in accepted for name in EVENTS}
    lost = wanted - endpoint.kept.keys()
    report.check(not lost, f"{len(lost)} of {len(wanted)} events never arrived, such as {min(lost, default=None)}")
    strange = endpoint.kept.keys() - wanted
    report.check(not strange, f"{len(strange)} events tell of what nobody was promised")
    several = sum(len(set(ids)) > 1 for ids in endpoint.kept.values())
    report.check(not several, f"{several} events came under more than one id")
    report.check(not endpoint.answers["forged"], f"{endpoint.answers['forged']} posts had a wrong signature")
    states: dict[str, Any] = dict(its.rows("SELECT state, count(*) FROM hub_webhookdelivery GROUP BY state"))
    report.check(states == {"delivered": len(wanted)}, f"the record says {states}, not {len(wanted)} delivered")
    again = sum(len(ids) - 1 for ids in endpoint.kept.values())
    report.figure(
        f"{len(endpoint.kept)} events of {len(accepted)} notifications kept, {again} more than once, none lost"
    )
