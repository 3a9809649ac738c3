"""A mail provider that takes its time to answer, so that callers can be killed in the middle of a call."""

import asyncio
import random
import threading
from collections import Counter
from email import message_from_bytes
from itertools import cycle
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from project.stack.ports import LOOPBACK, free_port


class SlowSink:
    """Counts the copies of each Message-ID, and answers after a time between the two of `wait` (seconds).

    Half of the mails are kept before that time, half after it: who hangs up meanwhile can't know which it was.
    """

    def __init__(self, wait: tuple[float, float]) -> None:
        self.copies: Counter[str] = Counter()
        self.in_call = 0
        self._wait = wait
        self._dice = random.Random(3)
        self._turns = cycle((True, False))
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname=LOOPBACK, port=free_port())

    def __enter__(self) -> "SlowSink":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self._controller.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message_id = str(message_from_bytes(self._content(envelope))["Message-ID"]).strip("<> ")
        before = next(self._turns)
        self.in_call += 1
        try:
            if before:
                self._keep(message_id)
            await asyncio.sleep(self._dice.uniform(*self._wait))
            if not before:
                self._keep(message_id)
        finally:
            self.in_call -= 1
        return "250 kept"

    def _keep(self, message_id: str) -> None:
        with self._lock:
            self.copies[message_id] += 1

    @staticmethod
    def _content(envelope: Any) -> bytes:
        content = envelope.content
        return content if isinstance(content, bytes) else str(content).encode()
