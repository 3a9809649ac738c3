"""Promise: whatever address a stranger gives us, and wherever, no connection is made to anything that is not on the internet.

Webhooks, chats, Web Push, a gateway of one's own and a JWKS: each is led to the whole corpus. Connections are counted by a
listening port of the loopback, and by the interpreter: it tells of every socket that is to be connected.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from aiohttp.resolver import ThreadedResolver
from pytest_django import Settings

from deliveries import webhooks
from deliveries.providers.base import Sent
from hub.chat.addresses import checked_address
from hub.devices import tokens
from hub.exceptions import InvalidRequest
from hub.ids import uuid7
from hub.outbound import Outbound, OutboundError, check_url, checked_url, fetch
from hub.providers.settings import Setting, check_config
from hub.tenancy.models import Tenant
from hub.webhooks.models import WebhookAttempt
from tests.deliveries.providers.pushes import SUBJECT, VAPID
from tests.deliveries.providers.subjects import SUBJECTS
from tests.support import ssrf
from tests.support.devices import subscription
from tests.support.outbound import let_in
from tests.support.site import running_site
from tests.support.ssrf import Witness, corpus, literals, witnessed
from tests.support.webhooks import make_webhook, owe_event
from tests.support.works import carry, make_account, make_work

# what an account of the kind must know besides an address, which is in the work, or for a gateway in the account
CHATS = {subject.kind: dict(subject.config) for subject in SUBJECTS if not subject.base}


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    monkeypatch.setattr(ThreadedResolver, "resolve", ssrf.resolve)
    with witnessed() as witness:
        yield witness


def led_to(kind: str, urls: Sequence[str], **config: Any) -> list[bool]:
    """To each address, through one account."""
    works = [make_work({"title": "T", "body": "B"}, address=url, data=data_for(kind, url)) for url in urls]
    return [isinstance(receipt, Sent) for receipt in carry(make_account(kind, config), *works)]


def data_for(kind: str, url: str) -> dict[str, Any]:
    if kind == "web_push":
        browser = {"platform": kind, "external_id": "browser", "token": url}
        return browser | {"keys": subscription(url)["keys"]}
    return {"address": url}


def by_chat(kind: str) -> Callable[[Sequence[str]], list[bool]]:
    return lambda urls: led_to(kind, urls, **CHATS[kind])


def by_web_push(urls: Sequence[str]) -> list[bool]:
    return led_to("web_push", urls, private_key=VAPID, subject=SUBJECT)


def by_gateway(urls: Sequence[str]) -> list[bool]:
    return [led_to("http_sms", ["+4915112345678"], url=url)[0] for url in urls]


def by_fetching(urls: Sequence[str]) -> list[bool]:
    return [is_answered(url) for url in urls]


def is_answered(url: str) -> bool:
    try:
        return fetch(url).status < 300
    except OutboundError:
        return False


# each sends something to every address, and tells where it took an answer for a yes
PATHS: dict[str, Callable[[Sequence[str]], list[bool]]] = {
    **{kind: by_chat(kind) for kind in CHATS},
    "web_push": by_web_push,
    "http_sms": by_gateway,
    "fetch": by_fetching,
}


def test_the_corpus_is_large() -> None:
    assert len(corpus(1)) >= 200


@pytest.mark.parametrize("path", PATHS)
def test_no_way_out_leads_inside(path: str, witness: Witness) -> None:
    urls = corpus(witness.port)
    answered = PATHS[path](urls)
    assert [url for url, taken in zip(urls, answered, strict=True) if taken] == []
    assert (witness.tried, witness.accepted) == ([], [])


def test_no_webhook_leads_inside(witness: Witness, tenant: Tenant) -> None:
    """As if all of these had been written when they still led elsewhere."""
    webhook = make_webhook(tenant)
    for url in corpus(witness.port):
        if "\x00" not in url:  # PostgreSQL keeps none of these
            webhook.pk, webhook.url = uuid7(), url
            webhook.save(force_insert=True)
            owe_event(webhook)
    webhooks.start()
    assert webhooks.join(120)
    assert WebhookAttempt.objects.count() >= 150
    assert not WebhookAttempt.objects.exclude(status=None).exists()
    assert (witness.tried, witness.accepted) == ([], [])


def test_what_gives_itself_away_is_refused_where_it_is_written() -> None:
    url_setting = Setting("url", "An address.", type="url")
    for url in literals(8443):
        for write in (
            lambda url: checked_url(url),
            lambda url: checked_address("chat_webhook", url),
            lambda url: checked_address("slack", url),
            lambda url: tokens.checked_address("web_push", None, subscription(url)),
            lambda url: check_config([url_setting], {"url": url}, {}),
        ):
            with pytest.raises(InvalidRequest):
                write(url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300])
def test_no_redirect_leads_inside(status: int, witness: Witness, settings: Settings) -> None:
    """The first address is one that may be called: it stands for one outside."""
    with running_site() as outside:
        let_in(settings, outside.url)
        outside.status = status
        for location in [
            *corpus(witness.port)[::7],
            f"//127.0.0.1:{witness.port}/",
            f"http://127.0.0.1:{witness.port}/",
        ]:
            if location.isprintable() and location.isascii():
                outside.headers = {"Location": location, "Refresh": f"0; url={location}"}
                for path in PATHS:
                    assert PATHS[path]([outside.url]) == [False], (path, location)
    assert len(outside.asked) >= 100
    assert (witness.tried, witness.accepted) == ([], [])


def test_a_name_that_changes_its_mind_is_asked_once_a_call(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was looked at: what the name says a moment later is of no interest."""
    asked: list[str] = []

    async def flip(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        return [ssrf.result(host, port, "1.1.1.1" if len(asked) % 2 else "127.0.0.1")]

    monkeypatch.setattr(ThreadedResolver, "resolve", flip)
    for path in PATHS:
        assert PATHS[path]([f"https://rebinding.example:{witness.port}/x"] * 4) == [False] * 4
    assert len(asked) == 4 * len(PATHS)
    assert set(witness.tried) == {"1.1.1.1"}
    assert witness.accepted == []


async def test_the_witness_sees_what_is_let_in(witness: Witness, settings: Settings) -> None:
    """The control: without it all of this could count nothing."""
    url = f"http://127.0.0.1:{witness.port}/"
    let_in(settings, url)
    check_url(url)
    async with Outbound() as client:
        with pytest.raises(OutboundError):
            await client.request("POST", url)
    assert witness.tried == ["127.0.0.1"]
