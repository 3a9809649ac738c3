"""Fixtures of the GitHub example: the real payloads, a receiver and a running hub."""

import fcntl
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from examples.github.app import Receiver
from examples.github.hub import Hub
from project.bootstrap import sdk
from project.bootstrap.shell import run

FOLDER = Path(__file__).parent
PACKAGE = FOLDER / "node_modules" / "@octokit" / "webhooks-examples"
SECRET = "It's a Secret to Everybody"

Webhook = tuple[str, dict[str, Any]]
Receivers = Callable[..., Receiver]


@pytest.fixture(scope="session")
def webhooks() -> list[Webhook]:
    """Every (event, payload) of GitHub's own examples, in their order."""
    install_payloads()
    families = json.loads((PACKAGE / "api.github.com" / "index.json").read_text())
    return [(family["name"], payload) for family in families for payload in family["examples"]]


@pytest.fixture
def receiver() -> Iterator[Receivers]:
    """Starts receivers in front of a hub: `receiver(Hub(…), audience=[…])`."""
    with ExitStack() as stack:

        def start(hub: Hub, audience: list[str] | None = None) -> Receiver:
            server = stack.enter_context(Receiver(0, hub=hub, secret=SECRET, audience=audience or []))
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield start


def post(to: Receiver, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """A webhook as GitHub sends it, changed by `headers` (an underscore for a hyphen; empty: not sent)."""
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": signed(body),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    filled = {name: value for name, value in sent.items() if value}
    request = Request(to.url, body, filled, method="POST")
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def install_payloads() -> None:
    """What package-lock.json names, by npm, unless it is there. Test processes side by side take turns."""
    with (FOLDER / "package.json").open() as manifest:
        fcntl.flock(manifest, fcntl.LOCK_EX)
        (wanted,) = json.load(manifest)["devDependencies"].values()
        installed = PACKAGE / "package.json"
        if not installed.exists() or json.loads(installed.read_text())["version"] != wanted:
            run([sdk.npm(), "ci", "--no-audit", "--no-fund"], sdk.environment(), FOLDER)
