"""`python -m tests.bench.send_process`: the measuring half of `send` and `hung`, in a process as a worker is one."""

import argparse
import json
import os
import time
from functools import partial
from pathlib import Path

import django

django.setup()

from deliveries import dispatch, worker  # noqa: E402
from hub.audience.models import Subscriber  # noqa: E402
from hub.fallback.models import Attempt, Delivery  # noqa: E402
from tests.bench.owed import owe, people  # noqa: E402
from tests.bench.senders import BARE, IN_FLIGHT, configure, sink  # noqa: E402

# bare, with the hub, the processor time of that; where the words are shared besides: in batches
Seconds = dict[str, list[float]]


def send(host: str, count: int, rounds: int) -> dict[str, Seconds]:
    """For `count` messages on each channel, by our dispatch and by the bare sender, one after the other."""
    rows = people(count)
    seconds: dict[str, Seconds] = {channel: {"bare": [], "ours": [], "cpu": [], "shared": []} for channel in BARE}
    for _ in range(rounds):
        for channel, bare in BARE.items():
            its = seconds[channel]
            began = time.perf_counter()
            bare(host, count)
            its["bare"].append(time.perf_counter() - began)
            taken, busy = _dispatched(rows, channel, shared=False)
            its["ours"].append(taken)
            its["cpu"].append(busy)
            its["shared"].append(_dispatched(rows, channel, shared=True)[0])
    return seconds


def _dispatched(rows: list[Subscriber], channel: str, *, shared: bool) -> tuple[float, float]:
    """Seconds, and those of the processor."""
    owe(rows, channel, shared=shared)
    began, busy = time.perf_counter(), time.process_time()
    while dispatch.dispatch(channel, "high"):
        pass
    taken, busy = time.perf_counter() - began, time.process_time() - busy
    sent = Delivery.objects.filter(channel=channel, state="sent").count()
    assert sent == len(rows), f"{sent} of {len(rows)} were sent"
    Delivery.objects.all().delete()
    return taken, busy


def hung(count: int, rounds: int) -> Seconds:
    """Seconds from being owed to being sent on one channel, while another is quiet, and while its provider hangs."""
    rows = people(2 * IN_FLIGHT)
    taken: Seconds = {"quiet": [], "hung": []}
    for number in range(2 * rounds):
        phase = "hung" if number % 2 else "quiet"
        if phase == "hung":
            owe(rows, "chat")
            dispatch.start("chat", "high")
            while Delivery.objects.filter(channel="chat", state="claimed").count() < IN_FLIGHT:
                time.sleep(0.01)
        for _ in range(count):
            owe(rows[:1], "sms")
            dispatch.start("sms", "high")
            time.sleep(0.05)
        dispatched = partial(Delivery.objects.filter(channel="sms", state__in=("waiting", "claimed")).exists)
        deadline = time.monotonic() + 10
        while dispatched() and time.monotonic() < deadline:
            time.sleep(0.01)
        taken[phase] += _latencies()
        # what hangs ends by its timeout
        dispatch.join(60)
        Delivery.objects.all().delete()
    return taken


def _latencies() -> list[float]:
    """An hour for what was not sent."""
    done = dict(
        Attempt.objects.filter(destination__delivery__channel="sms", outcome="sent").values_list(
            "destination__delivery", "finished_at"
        )
    )
    owed = Delivery.objects.filter(channel="sms").values_list("id", "created_at")
    return [(done[pk] - at).total_seconds() if pk in done else 3600.0 for pk, at in owed]


def keep_to_one_core() -> None:
    """As `docs/operating.md` tells to run a worker; the bare sender has no more. The sink and the services stay free."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["send", "hung"], required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    with sink() as host:
        keep_to_one_core()
        configure(host)
        worker.freeze()
        count, rounds = wanted.count, wanted.rounds
        measured = send(host, count, rounds) if wanted.mode == "send" else hung(count, rounds)
    wanted.output.write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
