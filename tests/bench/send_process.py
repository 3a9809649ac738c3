"""`python -m tests.bench.send_process`: the measuring half of `send` and `hung`, in a process as a worker is one."""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.conf import settings

django.setup()

from deliveries import dispatch  # noqa: E402
from deliveries.providers.http_sms import HttpSms  # noqa: E402
from hub import loop  # noqa: E402
from hub.audience.models import Subscriber  # noqa: E402
from hub.audience.services import ensure_subscribers  # noqa: E402
from hub.fallback import destinations  # noqa: E402
from hub.fallback.models import Attempt, Delivery  # noqa: E402
from hub.inbox.models import InboxItem  # noqa: E402
from hub.outbound import Outbound  # noqa: E402
from hub.tenancy.models import Tenant  # noqa: E402
from tests.support.deliveries import make_item  # noqa: E402

IN_FLIGHT = 200
BODY = b'{"to": "+4915112345678", "from": "", "text": "A line.", "id": "01932d3f-0000-7000-8000-000000000001.0"}'


class Elsewhere(HttpSms):
    """The same on another channel."""

    channel = "chat"


@contextmanager
def sink() -> Iterator[int]:
    """The port of a sink in a process of its own."""
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.sink"], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    try:
        yield int(child.stdout.readline())
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()


def configure(port: int) -> None:
    """`sms` to the sink, `chat` to the same, where it never answers."""
    settings.HUB = settings.HUB | {
        "outbound_exempt": (f"127.0.0.1:{port}",),
        "provider_kinds": {"elsewhere": f"{__name__}.Elsewhere"},
        "providers": {
            "texts": {"kind": "http_sms", "url": f"http://127.0.0.1:{port}/"},
            "hangs": {"kind": "elsewhere", "url": f"http://127.0.0.1:{port}/hang"},
        },
        "delivery_concurrency": IN_FLIGHT,
        # what hangs is called all the time: the breaker would help
        "breaker_failures": 1_000_000,
    }
    destinations.RESOLVERS["chat"] = destinations.RESOLVERS["sms"]


def people(count: int) -> list[Subscriber]:
    tenant = Tenant.objects.get()
    ensure_subscribers(tenant=tenant, external_ids=[f"person-{number:05}" for number in range(count)])
    rows = list(Subscriber.objects.filter(tenant=tenant))
    for number, row in enumerate(rows):
        row.phone, row.tenant = f"+49151{number:08}", tenant
    Subscriber.objects.bulk_update(rows, ["phone"], batch_size=1000)
    return rows


def owe(rows: list[Subscriber], channel: str) -> None:
    """A delivery to each, of one notification."""
    first = make_item(rows[0])
    others = [
        InboxItem(
            tenant=row.tenant,
            notification=first.notification,
            subscriber=row,
            category=first.category,
            seq=first.seq,
            surfaced_seq=first.seq,
        )
        for row in rows[1:]
    ]
    items = [first, *InboxItem.objects.bulk_create(others)]
    values: dict[str, Any] = {
        "lane": "high",
        "step": 0,
        "after": 0,
        "absent": True,
        "cancel_level": 2,
        "channel": channel,
    }
    Delivery.objects.bulk_create(
        Delivery(
            tenant=item.tenant,
            notification=item.notification,
            item=item,
            subscriber=item.subscriber,
            due_at=first.notification.created_at,
            **values,
        )
        for item in items
    )


async def bare(port: int, count: int) -> None:
    """So many calls by the same client, as many at once, and nothing else."""
    left = iter(range(count))

    async def send(client: Outbound) -> None:
        for _ in left:
            await client.request(
                "POST", f"http://127.0.0.1:{port}/", headers={"Content-Type": "application/json"}, body=BODY, timeout=15
            )

    async with Outbound(connections=IN_FLIGHT) as client:
        await asyncio.gather(*(send(client) for _ in range(IN_FLIGHT)))


def send(port: int, count: int, rounds: int) -> dict[str, list[float]]:
    """Seconds for `count` messages, by our dispatch and by the bare sender, one after the other."""
    rows = people(count)
    seconds: dict[str, list[float]] = {"ours": [], "bare": [], "cpu": []}
    for _ in range(rounds):
        began = time.perf_counter()
        loop.run(bare(port, count), timeout=300)
        seconds["bare"].append(time.perf_counter() - began)
        owe(rows, "sms")
        began, busy = time.perf_counter(), time.process_time()
        while dispatch.dispatch("sms", "high"):
            pass
        seconds["ours"].append(time.perf_counter() - began)
        seconds["cpu"].append(time.process_time() - busy)
    sent = Delivery.objects.filter(state="sent").count()
    assert sent == count * rounds, f"{sent} of {count * rounds} were sent"
    return seconds


def hung(count: int, rounds: int) -> dict[str, list[float]]:
    """Seconds from being owed to being sent on one channel, while another is quiet, and while its provider hangs."""
    rows = people(2 * IN_FLIGHT)
    taken: dict[str, list[float]] = {"quiet": [], "hung": []}
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["send", "hung"], required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    with sink() as port:
        configure(port)
        measured = (
            send(port, wanted.count, wanted.rounds) if wanted.mode == "send" else hung(wanted.count, wanted.rounds)
        )
    wanted.output.write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
