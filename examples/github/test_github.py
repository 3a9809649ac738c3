"""Real webhooks through a real receiver to a running hub: each arrives once, on the screen or by email."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from examples.github.app import Receiver
from examples.github.conftest import Receivers, Webhook, post
from examples.github.hub import Hub
from examples.github.translate import translate
from tests.support.client import HubClient
from tests.support.live import LiveHub

# GitHub sends a burst side by side too.
AT_ONCE = 4
# Every so many webhooks are delivered a second time.
REDELIVERED = 8
TRIES = 5
# Seconds. Who is there is told to Redis beside the hello, which does not wait for it; without it everybody counts as away.
PRESENCE = 1.0


@dataclass(frozen=True)
class Person:
    """A subscriber of the running hub. `id` is new in every test."""

    hub: LiveHub
    id: str
    email: str
    token: str

    def items(self) -> list[dict[str, Any]]:
        """The whole inbox, page by page."""
        return list(self._items())

    def _items(self) -> Iterator[dict[str, Any]]:
        following: str | None = ""
        while following is not None:
            page = self.get(f"inbox?{urlencode({'limit': 100, **({'cursor': following} if following else {})})}")
            yield from page["items"]
            following = page["next"]

    def get(self, path: str) -> dict[str, Any]:
        return ask(self.hub, "GET", path, token=self.token)

    def subjects(self) -> Counter[str]:
        """Of the mails that arrived."""
        return Counter(mail["subject"] for mail in self.hub.process.mails() if self.email in mail["to"])


def ask(hub: LiveHub, method: str, path: str, body: object = None, *, token: str = "") -> dict[str, Any]:
    encoded = json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {token or hub.api_key}", "Content-Type": "application/json"}
    with urlopen(Request(f"{hub.api}/{path}", encoded, headers, method=method), timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def person(hub: LiveHub, name: str) -> Person:
    subscriber = f"{name}-{uuid4().hex[:8]}"
    email = f"{subscriber}@example.com"
    ask(hub, "PUT", f"subscribers/{quote(subscriber)}", {"email": email, "name": name.title()})
    return Person(hub, subscriber, email, ask(hub, "POST", "user-tokens", {"subscriber": subscriber})["token"])


@pytest.fixture
def online(live_hub: LiveHub) -> Person:
    return person(live_hub, "online")


@pytest.fixture
def away(live_hub: LiveHub) -> Person:
    return person(live_hub, "away")


def deliver(to: Receiver, numbered: list[tuple[int, Webhook]]) -> list[dict[str, Any]]:
    """Post webhooks as GitHub does; the number of each names its delivery. What a busy hub missed is sent again."""

    def one(number: int, webhook: Webhook) -> dict[str, Any]:
        event, payload = webhook
        body = json.dumps(payload).encode()
        for _ in range(TRIES):
            status, answer = post(to, body, X_GitHub_Event=event, X_GitHub_Delivery=f"{to.audience[0]}-{number}")
            if status != 502:
                break
        assert status == 202, answer
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda pair: one(*pair), numbered))


async def test_every_webhook_arrives_once(
    live_hub: LiveHub, receiver: Receivers, webhooks: list[Webhook], online: Person, away: Person
) -> None:
    to = receiver(Hub(live_hub.url, live_hub.api_key), audience=[online.id, away.id])
    client = HubClient(f"{live_hub.api}/ws".replace("http", "ws", 1), token=online.token)
    await client.connect()
    await asyncio.sleep(PRESENCE)
    first = list(enumerate(webhooks))
    answers = await asyncio.to_thread(deliver, to, first)
    again = await asyncio.to_thread(deliver, to, first[::REDELIVERED])
    await asyncio.to_thread(deliver, to, [(len(first), webhooks[0])])
    await client.until_last(len(first) + 1)

    titles = Counter(translate(*webhook).title for webhook in [*webhooks, webhooks[0]])
    live = [frame["seq"] for frame in client.of_type("notification")]
    assert len(set(live)) == len(live)
    assert sorted({*live, *healed(client)}) == list(range(1, len(first) + 2))
    assert Counter(item["title"] for item in client.inbox.items.values()) == titles
    for somebody in (online, away):
        items = await asyncio.to_thread(somebody.items)
        assert len({item["id"] for item in items}) == len(items) == len(first) + 1
        assert Counter(item["title"] for item in items) == titles
    assert [answer["notification"] for answer in again] == [a["notification"] for a in answers[::REDELIVERED]]
    assert all(answer["replayed"] for answer in again)
    await mailed(away, titles)
    assert not online.subjects()
    await client.close()


def healed(client: HubClient) -> list[int]:
    """The seqs of what a busy hub could not publish in time, and sent in a batch instead."""
    return [item["seq"] for batch in client.of_type("batch") for item in batch["items"]]


async def mailed(somebody: Person, titles: Counter[str], seconds: float = 30) -> None:
    """One email for each, and no other."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (subjects := await asyncio.to_thread(somebody.subjects)).total() < titles.total():
        assert asyncio.get_running_loop().time() < deadline, f"{subjects.total()} of {titles.total()} mails"
        await asyncio.sleep(0.2)
    assert subjects == titles


def test_an_item_says_all_that_the_webhook_said(
    live_hub: LiveHub, receiver: Receivers, webhooks: list[Webhook], away: Person
) -> None:
    webhook = next(w for w in webhooks if w[0] == "issue_comment")
    deliver(receiver(Hub(live_hub.url, live_hub.api_key), audience=[away.id]), [(0, webhook)])
    message, (item,) = translate(*webhook), away.items()
    for field in ("event", "category", "title", "body", "action_url", "group_key", "actor"):
        assert item[field] == getattr(message, field)
    assert tuple(item["tags"]) == message.tags


def test_an_event_type_that_an_operator_changed_stays_so(
    live_hub: LiveHub, receiver: Receivers, webhooks: list[Webhook], away: Person
) -> None:
    to = receiver(Hub(live_hub.url, live_hub.api_key), audience=[away.id])
    webhook = next(w for w in webhooks if w[0] == "gollum")
    read = partial(ask, live_hub, "GET", "event-types/github.gollum")
    deliver(to, [(0, webhook)])
    assert (read()["category"], read()["ladder"][0]["channel"]) == ("github.code", "email")
    ask(live_hub, "PATCH", "event-types/github.gollum", {"category": "wiki"})
    deliver(to, [(1, webhook)])
    assert read()["category"] == "wiki"
    assert sorted(item["category"] for item in away.items()) == ["github.code", "wiki"]


def test_a_form_is_understood_and_what_went_on_is_printed(
    live_hub: LiveHub, receiver: Receivers, away: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    body = urlencode({"payload": json.dumps({"zen": "Keep it logically awesome."})}).encode()
    to = receiver(Hub(live_hub.url, live_hub.api_key), audience=[away.id])
    status, _ = post(to, body, Content_Type="application/x-www-form-urlencoded", X_GitHub_Delivery=uuid4().hex)
    assert status == 202
    assert capsys.readouterr().out == f"github.ping -> {away.id}: The webhook works: Keep it logically awesome.\n"
