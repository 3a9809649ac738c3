"""Web, worker and scheduler are killed at random, some in the middle of a provider call: nothing is lost or doubled."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counter
from typing import Any, Protocol

from tests.bench.api import FAILURES, Api
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.changed import settings
from tests.chaos.sink import SlowSink

CLIENTS = 4
HANG_UPS = 0.02  # share of requests whose answer the client doesn't wait for, and which it sends again
GIVE_UP = 120.0  # seconds that a client retries one request
# shorter leases and retries than the product's, so that what a killed worker held comes back while we watch
FASTER = {"provider_timeout": 3, "delivery_lease": 8, "retry_first": 2, "retry_max": 4}
FASTEST = {"provider_timeout": 2, "delivery_lease": 5, "retry_first": 1, "retry_max": 2}
CALLS = 4  # in flight when a worker is killed, if so many are within a few seconds
FINAL_WITHIN = 180.0


def run(options: Options) -> Report:
    report = Report("kill")
    size, users = (60, 10) if options.short else (2000, 200)
    # seconds that a call takes: with few mails, longer ones, so that some are under way at any time
    with SlowSink((0.3, 0.8) if options.short else (0.05, 0.3)) as sink:
        environment = settings(**(FASTEST if options.short else FASTER)) | {"EMAIL_URL": sink.url}
        with world(report, options, users=users, run=("web", "worker", "scheduler"), **environment) as its:
            with its.api() as api:
                ladder = [{"channel": "email", "after": 0, "unless": "never"}]
                api.good("PUT", "/event-types/alarm", {"name": "Alarm", "category": "alarms", "ladder": ladder})
            senders = Senders(its, size)
            killer = Killer(its, sink, pause=(0.3, 1.2) if options.short else (0.8, 3.0))
            report.progress(f"{size} notifications to {users} users who are away, while processes are killed")
            _work(report, senders, killer, its, rounds=4 if options.short else 40)
            _wait_until_final(its, report, size)
            _check_items(its, report, senders, size)
            _check_mails(its, report, sink, size)
            report.check(killer.amid_calls > 0, "no worker was killed amid a provider call: nothing was tested")
            report.figure(f"killed: {killer.summary()}; {senders.repeats} requests sent again")
    return report


class Senders:
    """Clients that send each notification until it is answered, each time with the same idempotency key."""

    def __init__(self, its: World, size: int) -> None:
        self.its, self.size = its, size
        self.accepted: list[str] = []
        self.repeats = 0
        self.problems: list[str] = []
        self._numbers = counter()
        self._lock = threading.Lock()

    def run(self) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._client, range(CLIENTS)))

    def _client(self, seed: int) -> None:
        dice = random.Random(seed)
        while (number := next(self._numbers)) < self.size:
            self._send(number, dice)

    def _send(self, number: int, dice: random.Random) -> None:
        user = self.its.users[number % len(self.its.users)]
        body = {"to": user.id, "event": "alarm", "title": f"Alarm {number}"}
        deadline = time.monotonic() + GIVE_UP
        while time.monotonic() < deadline:
            status, answer = self._try(number, body, hang_up=dice.random() < HANG_UPS)
            if 200 <= status < 300:
                with self._lock:
                    self.accepted.append(answer["id"])
                return
            if status not in (0, 409) and status < 500:
                break
            with self._lock:
                self.repeats += 1
            time.sleep(0.2)
        self.problems.append(f"number {number} was not accepted: {status} {answer}")

    def _try(self, number: int, body: dict[str, Any], *, hang_up: bool) -> tuple[int, Any]:
        """(0, why) when there is no answer."""
        key = {"Idempotency_Key": f"alarm-{number}"}
        with Api(self.its.hub.url, self.its.api_key, timeout=5.0) as api:
            try:
                if hang_up:
                    api.send("POST", "/notifications", body, **key)
                    time.sleep(0.05)
                    return 0, "hung up"
                return api.call("POST", "/notifications", body, **key)
            except FAILURES as error:
                return 0, repr(error)


class Called(Protocol):
    """Who is called by workers: how many calls it has under way."""

    in_call: int


class Killer:
    """SIGKILLs a process and starts it again at once, from this thread: its children die with it."""

    def __init__(self, its: World, sink: Called, *, pause: tuple[float, float]) -> None:
        self.its, self.sink, self.pause = its, sink, pause
        self.kills = dict.fromkeys(("web", "worker", "scheduler"), 0)
        self.amid_calls = 0
        self._dice = random.Random(11)

    def kill_one(self) -> None:
        name = self._dice.choices(list(self.kills), weights=(3, 4, 1))[0]
        time.sleep(self._dice.uniform(*self.pause))
        if name == "worker":
            self._await_calls()
            self.amid_calls += self.sink.in_call > 0
        self.its.hub.kill(name)
        self.kills[name] += 1
        self.its.hub.start(name)

    def summary(self) -> str:
        parts = [f"{name} {times} times" for name, times in self.kills.items()]
        return f"{', '.join(parts)}, {self.amid_calls} of them amid a provider call"

    def _await_calls(self) -> None:
        deadline = time.monotonic() + 6.0
        while self.sink.in_call < CALLS and time.monotonic() < deadline:
            time.sleep(0.005)


def _work(report: Report, senders: Senders, killer: Killer, its: World, *, rounds: int) -> None:
    """Kill while there is something to send or to deliver, `rounds` times at most."""
    sending = threading.Thread(target=senders.run)
    sending.start()
    for done in range(1, rounds + 1):
        if not sending.is_alive() and not _unfinished(its):
            break
        killer.kill_one()
        if done % 5 == 0:
            report.progress(f"{len(senders.accepted)} accepted; {killer.summary()}")
    sending.join()


def _unfinished(its: World) -> int:
    owed = "SELECT count(*) FROM hub_delivery WHERE state IN ('waiting', 'claimed')"
    return int(its.value(f"SELECT ({owed}) + (SELECT count(*) FROM hub_fanout WHERE done_at IS NULL)"))


def _wait_until_final(its: World, report: Report, size: int) -> None:
    began = time.monotonic()
    report.progress("no more kills; waiting until every delivery is final")
    while (left := _unfinished(its)) and time.monotonic() - began < FINAL_WITHIN:
        time.sleep(0.2)
    report.check(not left, f"{left} fan-outs or deliveries are not final after {FINAL_WITHIN:.0f} s")


def _check_items(its: World, report: Report, senders: Senders, size: int) -> None:
    report.check(not senders.problems, f"{len(senders.problems)} requests failed: {senders.problems[:1]}")
    report.check(len(set(senders.accepted)) == size, f"{len(set(senders.accepted))} ids were answered, not {size}")
    made = its.value("SELECT count(*) FROM hub_notification")
    items, titles = its.rows(
        "SELECT count(*), count(DISTINCT n.content->>'title') "
        "FROM hub_inboxitem i JOIN hub_notification n ON n.id = i.notification_id"
    )[0]
    report.check(made == size, f"{made} notifications were made of {size} requests: doubled or lost")
    report.check(items == titles == size, f"{items} items of {titles} titles, not {size}")
    off = its.value(
        "SELECT count(*) FROM hub_stream s LEFT JOIN LATERAL (SELECT count(*) AS n, count(DISTINCT seq) AS d, "
        "coalesce(max(seq), 0) AS m FROM hub_inboxitem i WHERE i.subscriber_id = s.subscriber_id) i ON true "
        "WHERE (s.last_seq, s.unread, s.unseen) <> (i.n, i.n, i.n) OR i.d <> i.n OR i.m <> i.n"
    )
    report.check(off == 0, f"{off} streams have holes, doubles or wrong counts")
    report.figure(f"{items} items of {size} notifications, {items - titles} doubled, every stream without a hole")


def _check_mails(its: World, report: Report, sink: SlowSink, size: int) -> None:
    """Each delivery with its copies at the provider, by its Message-ID."""
    deliveries = its.rows("SELECT id::text, state, reason FROM hub_delivery WHERE channel = 'email' AND generation = 0")
    copies = {message_id.partition(".")[0]: number for message_id, number in sink.copies.items()}
    report.check(len(deliveries) == size, f"{len(deliveries)} deliveries, not {size}")
    parked = [row for row in deliveries if row[1:] == ("dead", "ambiguous")]
    others = {row[1:] for row in deliveries if row[1] != "sent" and row[1:] != ("dead", "ambiguous")}
    report.check(not others, f"deliveries ended otherwise than sent or ambiguous: {sorted(others)}")
    missing = [row for row in deliveries if row[1] == "sent" and not copies.get(row[0])]
    report.check(not missing, f"{len(missing)} deliveries are marked sent, but no mail arrived")
    many = [number for number in sink.copies.values() if number > 2]
    report.check(not many, f"{len(many)} mails arrived more than twice (up to {max(many, default=0)} times)")
    twice = sum(number == 2 for number in sink.copies.values())
    report.figure(
        f"{size - len(parked)} mails sent, {twice} of them or the parked twice, none more often; "
        f"{len(parked)} parked as ambiguous, {sum(not copies.get(row[0]) for row in parked)} of these without a copy"
    )
