"""A receiver for GitHub webhooks: `python -m examples.github.app --hub http://127.0.0.1:8000 --key hub_… --secret …`

It checks the signature, translates the payload and posts it to the hub. GitHub gets a 2xx only when the hub has given
one, so a delivery that GitHub shows as delivered is kept; any other can be redelivered, and arrives once.
"""

import argparse
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from examples.github.hub import Hub, HubError
from examples.github.translate import translate

LOOPBACK = "127.0.0.1"
# What GitHub sends at most.
MAX_BODY = 25 * 1024 * 1024
MAX_DELIVERY = 200


class Refused(Exception):
    """The request is not one to forward: the status and the words of the answer."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Receiver(ThreadingHTTPServer):
    """`audience`: subscriber ids that hear of everything, instead of the people whom each event concerns."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, *, hub: Hub, secret: str, audience: Sequence[str] = ()) -> None:
        super().__init__((LOOPBACK, port), Webhook)
        self.hub, self.secret, self.audience = hub, secret.encode(), tuple(audience)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/"

    def receive(self, event: str, delivery: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Forward one webhook. Returns what to answer; raises HubError."""
        message = translate(event, payload)
        if self.audience:
            message = replace(message, recipients=self.audience)
        if not message.recipients:
            return {"forwarded": False, "reason": "it concerns nobody"}
        answer = self.hub.forward(message, delivery=delivery)
        print(f"{message.event} -> {', '.join(message.recipients)}: {message.title}", flush=True)
        return {"forwarded": True, "notification": answer.body.get("id"), "replayed": answer.replayed}


class Webhook(BaseHTTPRequestHandler):
    """One request of GitHub's."""

    server: Receiver
    # Seconds for a read: a peer that sends nothing can't keep a thread.
    timeout = 10

    def do_POST(self) -> None:
        try:
            body = self._body()
            check_signature(self.server.secret, body, self.headers.get("X-Hub-Signature-256", ""))
            event, delivery = self._header("X-GitHub-Event"), self._header("X-GitHub-Delivery")
            payload = read_payload(body, self.headers.get_content_type())
            self._answer(HTTPStatus.ACCEPTED, self.server.receive(event, delivery, payload))
        except Refused as refusal:
            self._answer(refusal.status, {"forwarded": False, "reason": str(refusal)})
        except HubError as error:
            self._answer(HTTPStatus.BAD_GATEWAY, {"forwarded": False, "reason": str(error)})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing")
        if len(length) > 10 or int(length) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{MAX_BODY} bytes at most")
        return self.rfile.read(int(length))

    def _header(self, name: str) -> str:
        value = str(self.headers.get(name, ""))
        if not 1 <= len(value) <= MAX_DELIVERY or not value.isascii() or not value.isprintable() or " " in value:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name} is missing, or is none")
        return value

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        if not 200 <= status < 300:
            print(f"{status.value}: {body['reason']}", flush=True)
        encoded = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, format: str, *args: object) -> None:
        """What was forwarded or refused is printed; the request line adds nothing."""


def check_signature(secret: bytes, body: bytes, signature: str) -> None:
    """Refuse a body that was not signed with `secret`; it takes as long wherever the signature differs."""
    wanted = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")):
        raise Refused(HTTPStatus.UNAUTHORIZED, "X-Hub-Signature-256 does not fit the body and the secret")


def read_payload(body: bytes, content_type: str) -> dict[str, Any]:
    """The payload in either form that GitHub can be told to send: JSON, or a form with JSON in its field `payload`."""
    try:
        is_form = content_type == "application/x-www-form-urlencoded"
        found = json.loads(parse_qs(body.decode())["payload"][0] if is_form else body)
    except (ValueError, KeyError, RecursionError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is no webhook payload") from error
    if not isinstance(found, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the payload is no JSON object")
    return found


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.github.app", description="GitHub webhooks to notifications"
    )
    parser.add_argument("--hub", default=os.environ.get("HUB_URL", "http://127.0.0.1:8000"), help="%(default)s")
    parser.add_argument("--key", default=os.environ.get("HUB_API_KEY"), help="API key, or HUB_API_KEY")
    parser.add_argument("--secret", default=os.environ.get("GITHUB_WEBHOOK_SECRET"), help="or GITHUB_WEBHOOK_SECRET")
    parser.add_argument("--port", type=int, default=8484, help="to listen on, on 127.0.0.1; %(default)s")
    parser.add_argument("--to", default="", help="subscriber ids that hear of everything: alice,bob")
    known = parser.parse_args(given)
    for name in ("key", "secret"):
        if not getattr(known, name):
            parser.error(f"--{name} is missing")
    return known


def main() -> None:
    given = arguments()
    audience = [one.strip() for one in given.to.split(",") if one.strip()]
    with Receiver(given.port, hub=Hub(given.hub, given.key), secret=given.secret, audience=audience) as receiver:
        print(f"Waiting for webhooks on {receiver.url}; they go to {given.hub}", flush=True)
        try:
            receiver.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
