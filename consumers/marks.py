"""The marks that one session asks for: carried out one after another, in a thread."""

import asyncio
import logging
from collections import deque

from consumers.frames import Error, Mark
from consumers.session import Session
from consumers.work import WRITES, in_thread
from hub.exceptions import HubError
from hub.inbox.services import mark as carry_out

logger = logging.getLogger(__name__)

# marks of one session that may wait
LIMIT = 32


class Marks:
    """Takes marks in order; each ends in a receipt or an error frame with its id."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: deque[Mark] = deque()
        self._worker: asyncio.Task[None] | None = None

    def put(self, mark: Mark) -> None:
        """Queue a mark, or refuse it when too many wait."""
        if len(self._waiting) >= LIMIT:
            self._session.say(Error("rate_limited", "Too many marks wait already", mark.id, 429, retry_after=1))
            return
        self._waiting.append(mark)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    def stop(self) -> None:
        """Forget what waits; what has begun is finished."""
        self._waiting.clear()

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._carry_out(self._waiting.popleft())
        finally:
            self._worker = None

    async def _carry_out(self, mark: Mark) -> None:
        session = self._session
        try:
            receipt = await in_thread(
                WRITES, carry_out, subscriber_id=session.subscriber_id, request=mark.request, origin=session.id
            )
        except HubError as error:
            session.say(Error(error.code, error.message, mark.id, error.status))
        except Exception:
            logger.exception("A mark failed", extra=session.ids)
            session.say(Error("unavailable", "Not possible at the moment", mark.id, 503, retry_after=1))
        else:
            session.confirm(mark.id, receipt)
