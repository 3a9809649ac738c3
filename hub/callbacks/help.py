"""HELP: whoever answers it to a text message is told what they may do, by the account that it came to."""

import logging
from collections.abc import Sequence

from hub.callbacks.events import Event, Kind
from hub.fallback.destinations import Destination
from hub.fallback.work import Work
from hub.loop import spawn
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from hub.providers.single import single

logger = logging.getLogger(__name__)


def answer(events: Sequence[Event], account: Account) -> None:
    """Begin to send the account's `help_text` to each who asked. Once at most, whatever comes of it, and after STOP too: it is
    asked for."""
    text = str(account.config.get("help_text") or "")
    for event in events if text else ():
        if event.kind == Kind.ASKED:
            work = single(account, tenant="", destination=Destination(event.address), event="help", body=text)
            spawn(_send(work))


async def _send(work: Work) -> None:
    receipt = await kind_class(work.account.kind).once(work.account, work)
    told = {"provider": work.account.label, "outcome": receipt.outcome, "code": receipt.code}
    logger.info("help", extra=told)
