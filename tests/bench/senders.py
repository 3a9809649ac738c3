"""Who sends in `send` and `hung`: the hub's accounts, all to one sink, and bare senders that do nothing but call it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import local
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from deliveries.providers.anymail_mail import AnymailMail
from deliveries.providers.http_sms import HttpSms
from hub import loop
from hub.fallback import destinations
from hub.outbound import Outbound
from project.emulators.keys import pem_of

IN_FLIGHT = 200
TEXT = b'{"to": "+4915112345678", "from": "", "text": "A line.", "id": "01932d3f-0000-7000-8000-000000000001.0"}'
# as large as the hub's own
PUSH = b'{"message": {"token": "%s", "notification": {"title": "Hello", "body": "A line."}, "data": {"%s": ""}}}' % (
    b"x" * 150,
    b"y" * 500,
)


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


def _service_account(url: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": "bench",
        "client_email": "hub@bench.example",
        "private_key": pem_of(key),
        "token_uri": f"{url}/token",
    }


def _post(body: bytes) -> Callable[[str, int], None]:
    """By the client that the hub's providers have, `IN_FLIGHT` at once."""

    async def post(host: str, count: int) -> None:
        left = iter(range(count))

        async def send(client: Outbound) -> None:
            for _ in left:
                await client.request(
                    "POST", f"http://{host}/", headers={"Content-Type": "application/json"}, body=body, timeout=15
                )

        async with Outbound(connections=IN_FLIGHT) as client:
            await asyncio.gather(*(send(client) for _ in range(IN_FLIGHT)))

    return lambda host, count: loop.run(post(host, count), timeout=300)


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
BARE: dict[str, Callable[[str, int], Any]] = {"sms": _post(TEXT), "push": _post(PUSH), "email": _mail}
