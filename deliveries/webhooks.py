"""Posting what webhooks are owed: claim, post on the process's loop, record as answers come, while there is anything.

A run has no end of its own: an endpoint that hangs keeps its few places, and everybody else is claimed and posted to meanwhile.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread

import orjson
from standardwebhooks import Webhook as Signer

from deliveries import dispatch
from deliveries.database import persistently, released
from deliveries.providers.answers import seconds_until
from deliveries.providers.http import JSON
from deliveries.publishing import published, signer_for
from deliveries.signing import signature
from hub.clock import iso
from hub.conf import conf
from hub.loop import run, spawn
from hub.outbound import Outbound, OutboundError
from hub.trace import log_error
from hub.webhooks.claims import Post, claim
from hub.webhooks.record import Result, record

logger = logging.getLogger(__name__)

# how long to wait for an answer before looking for what has become due
LOOK_AGAIN = 1.0
AGENT = "notification-hub"
# of an answer the status counts; this much of the rest is read, for people
ANSWER = 500
_OPENING = 5.0

_lock = Lock()
_latest: "_Run | None" = None


def start() -> None:
    """Post what is due, in a thread that lasts while there is anything to do; if there is one already, it looks at once."""
    global _latest
    with _lock:
        if _latest is not None and not _latest.ended:
            _latest.answers.put(None)
        else:
            _latest = _Run()
            _latest.start()


def join(timeout: float) -> bool:
    """Wait until what `start` began has ended, `timeout` seconds at most. Whether it has."""
    if _latest is not None:
        _latest.join(timeout)
    return _latest is None or not _latest.is_alive()


class _Run(Thread):
    """One at a time in a process. `answers`: what came of calls; None: look for what is due. `ended`: it looks no more."""

    def __init__(self) -> None:
        super().__init__(name="webhooks", daemon=True)
        self.answers: SimpleQueue[Result | None] = SimpleQueue()
        self.ended = False
        self._in_flight = 0

    def run(self) -> None:
        try:
            with released(), _client() as client:
                self._post_all(client)
        except Exception:
            logger.exception("posting webhooks failed; the sweeper will come again")
        finally:
            self.ended = True

    def _post_all(self, client: Outbound) -> None:
        try:
            while self._claim(client) or self._in_flight or not self._ends():
                self._record()
        finally:
            while self._in_flight:
                self._record()

    def _claim(self, client: Outbound) -> int:
        room = conf.webhook_in_flight - self._in_flight
        if dispatch.stopping.is_set() or room < 1:
            return 0
        posts = claim(limit=room)
        for post in posts:
            self._in_flight += 1
            spawn(_land(client, post, self.answers))
        return len(posts)

    def _record(self) -> None:
        """Record what has been answered by now; wait a moment for the first if nothing has."""
        results = [answer for answer in self._answers() if answer is not None]
        if results:
            self._in_flight -= len(results)
            persistently(lambda: record(results))

    def _answers(self) -> Iterator[Result | None]:
        try:
            yield self.answers.get(timeout=LOOK_AGAIN)
            while True:
                yield self.answers.get_nowait()
        except Empty:
            return

    def _ends(self) -> bool:
        """Whoever asks from here on starts a run of their own."""
        with _lock:
            self.ended = self.answers.empty()
            return self.ended


@contextmanager
def _client() -> Iterator[Outbound]:
    client = run(Outbound(connections=conf.webhook_in_flight).__aenter__(), timeout=_OPENING)
    try:
        yield client
    finally:
        run(client.__aexit__(None, None, None), timeout=_OPENING)


async def _land(client: Outbound, post: Post, answers: SimpleQueue[Result | None]) -> None:
    answers.put(await _post(client, post))


async def _post(client: Outbound, post: Post) -> Result:
    """Never raises: what can't be sent is a failure, and on record as one."""
    status, answer, wait = None, "", None
    try:
        headers, body = signed(post, datetime.now(UTC))
        answered = await client.request(
            "POST", post.url, headers=headers, body=body, timeout=conf.provider_timeout, max_bytes=ANSWER, cut=True
        )
        status, answer = answered.status, answered.body.decode(errors="replace")
        wait = seconds_until(answered.headers.get("retry-after", ""))
    except OutboundError as error:
        answer = error.message
    except Exception as error:
        log_error(logger, "a webhook can't be posted", error)
        answer = type(error).__name__
    seen = {"webhook_id": str(post.webhook_id), "webhook_delivery_id": str(post.delivery_id), "status": status}
    logger.info("webhook", extra=seen)
    return Result(post.delivery_id, post.webhook_id, post.fence, status, _printable(answer), wait)


def signed(post: Post, at: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a call, by Standard Webhooks. While a secret is being replaced both sign. A topic gets what
    would be headers as attributes of the message."""
    body = orjson.dumps({"type": post.type, "timestamp": iso(post.at), "data": post.data})
    key = str(post.delivery_id)
    headers = signature(key, at, body, map(Signer, post.secrets))
    if topic := post.topic:
        signer = signer_for(topic.region, topic.access_key_id, topic.secret_access_key)
        return published(
            post.url, {"TopicArn": topic.arn, "Message": body.decode()}, {"type": post.type, **headers}, signer
        )
    return {**JSON, "User-Agent": AGENT, **headers}, body


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:ANSWER]
