"""Who sends in `send` and `hung`: the hub's accounts, all to one sink, and bare senders that do nothing but call it."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from threading import local
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from deliveries.providers.anymail_mail import AnymailMail
from deliveries.providers.fcm import Client, credentials_of
from deliveries.providers.http_sms import HttpSms
from hub import loop
from hub.fallback import destinations
from hub.outbound import Answer, Outbound
from project.emulators.keys import pem_of

IN_FLIGHT = 200
TEXT = b'{"to": "+4915112345678", "from": "", "text": "A line.", "id": "01932d3f-0000-7000-8000-000000000001.0"}'
# as the hub's own
PUSH = {
    "fcm_token": "x" * 150,
    "notification_title": "Hello",
    "notification_body": "A line.",
    "data_payload": {"notification_id": "y" * 36, "item_id": "y" * 36, "event": "message"},
    "android_config": {"priority": "HIGH", "ttl": "2419200s", "notification": {"sound": "default", "tag": "y" * 32}},
    "apns_config": {"headers": {"apns-priority": "10", "apns-collapse-id": "y" * 32}, "payload": {"aps": {"badge": 0}}},
    "webpush_config": {"headers": {"TTL": "2419200", "Urgency": "high"}, "notification": {"tag": "y" * 32}},
}


class Elsewhere(HttpSms):
    """The same on another channel."""

    channel = "chat"


@contextmanager
def sink() -> Iterator[str]:
    """The address of a sink in a process of its own."""
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.sink"], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    try:
        yield f"127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()


def configure(host: str) -> None:
    """`sms`, `push` and `email` to the sink; `chat` to the same, where it never answers."""
    url = f"http://{host}"
    settings.HUB = settings.HUB | {
        "outbound_exempt": (host,),
        "provider_kinds": {"elsewhere": f"{__name__}.Elsewhere"},
        "providers": {
            "texts": {"kind": "http_sms", "url": f"{url}/"},
            "phones": {"kind": "fcm", "service_account": _service_account(url), "url": url},
            "mails": {"kind": "anymail", "esp": "sendgrid", "api_key": "key", "url": f"{url}/"},
            "hangs": {"kind": "elsewhere", "url": f"{url}/hang"},
        },
        "delivery_concurrency": IN_FLIGHT,
        # what hangs is called all the time: the breaker would help
        "breaker_failures": 1_000_000,
    }
    destinations.RESOLVERS["chat"] = destinations.RESOLVERS["sms"]


@cache
def _service_account(url: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": "bench",
        "client_email": "hub@bench.example",
        "private_key": pem_of(key),
        "token_uri": f"{url}/token",
    }


def _text(host: str, count: int) -> None:
    """By the client that the hub's providers have."""
    _send(count, lambda client: partial(_post, client, f"http://{host}/", TEXT))


def _push(host: str, count: int) -> None:
    """By pyfcm, on the same client."""
    credentials = credentials_of(_service_account(f"http://{host}"))

    def pushing(client: Outbound) -> Callable[[], Awaitable[Any]]:
        return partial(Client(credentials, partial(_post, client), base=f"http://{host}").notify, **PUSH)

    _send(count, pushing)


async def _post(client: Outbound, url: str, body: bytes) -> Answer:
    return await client.request("POST", url, headers={"Content-Type": "application/json"}, body=body, timeout=15)


def _send(count: int, sending: Callable[[Outbound], Callable[[], Awaitable[Any]]]) -> None:
    """`count` calls, `IN_FLIGHT` at once."""

    async def all_of_them() -> None:
        left = iter(range(count))

        async def some(send: Callable[[], Awaitable[Any]]) -> None:
            for _ in left:
                await send()

        async with Outbound(connections=IN_FLIGHT) as client:
            send = sending(client)
            await asyncio.gather(*(some(send) for _ in range(IN_FLIGHT)))

    loop.run(all_of_them(), timeout=300)


def _mail(host: str, count: int) -> None:
    """By Anymail's backend, in as many threads as an account of the hub's has."""
    own = local()

    def send(number: int) -> None:
        if not hasattr(own, "backend"):
            own.backend = get_connection(
                "anymail.backends.sendgrid.EmailBackend", api_key="key", api_url=f"http://{host}/"
            )
            own.backend.open()
        mail = EmailMultiAlternatives("Hello", "A line.", "hub@example.com", [f"person-{number:05}@example.com"])
        mail.attach_alternative("<p>A line.</p>", "text/html")
        own.backend.send_messages([mail])

    with ThreadPoolExecutor(AnymailMail.concurrency) as threads:
        list(threads.map(send, range(count)))


# channel → what sends so many messages to a host
BARE: dict[str, Callable[[str, int], Any]] = {"sms": _text, "push": _push, "email": _mail}
