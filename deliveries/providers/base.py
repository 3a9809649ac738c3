"""The contract of a provider. `docs/adding-a-provider.md` is the way to a new one."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar

from deliveries.providers.errors import Ambiguous, Configuration, SendError
from hub.fallback.withdrawals import Withdrawal
from hub.fallback.work import Work
from hub.policy.retry import Outcome
from hub.providers.accounts import Account
from hub.providers.settings import Setting
from hub.trace import log_error

logger = logging.getLogger(__name__)
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken responsibility. `message_id`: its name for the message; `answer`: its own words."""

    message_id: str = ""
    code: str = ""
    answer: str = ""

    outcome = Outcome.SENT
    retry_after = None


# what came of one work: it was sent, or the error says what happened
Receipt = Sent | SendError


class Provider(ABC):
    """An account with a provider, in one process. Made, used and closed on the process's own event loop.

    It makes no decision about retries, sleeps for nobody, and reads no table.
    """

    # one of push, email, sms, chat
    channel: ClassVar[str]
    # what `account.config` may hold besides `rate`
    settings: ClassVar[Sequence[Setting]] = ()
    # works that one call may carry; more than one only where `batch_key` is the same
    batch_size: int = 1
    # calls at once, in one process
    concurrency: ClassVar[int] = 200
    # Every address is another server's, chosen by strangers: that one fails says nothing of the others, and the account never
    # rests. Else whoever registers a few dead addresses would silence it for everybody.
    hosts_vary: ClassVar[bool] = False
    # messages a second that one account may send, all processes together; None: as many as it takes
    rate: ClassVar[float | None] = None
    # how much of each part of a message it takes, where the channel takes more: characters, but for `bytes` and `segments`
    limits: ClassVar[Mapping[str, int]] = {}
    # for how many seconds it knows a repeat by `Work.message_id`; None: it doesn't
    idempotency: ClassVar[float | None] = None

    def __init__(self, account: Account) -> None:
        """Raises Configuration when nothing can be sent with `account.config`."""
        self.account = account
        self.config = account.config

    def needed(self, name: str) -> str:
        """A setting without which nothing can be sent. Raises Configuration."""
        value = self.config.get(name)
        if not value:
            raise Configuration(f"no_{name}", f"an account with {self.account.kind} needs {name}")
        return str(value)

    @abstractmethod
    async def send(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        """Call the provider and return a receipt for each of the works, in order. Ends within twice `provider_timeout`.

        What it raises instead counts for all of them: a SendError as it is, anything else as Ambiguous.
        """

    @classmethod
    async def once(cls, account: Account, work: Work) -> Receipt:
        """One message, through a provider that is made for it. Whatever is raised is its receipt."""
        try:
            provider = cls.made(account)
            try:
                (receipt,) = await provider.send([work])
            finally:
                await provider.close()
        except SendError as error:
            return error
        return receipt

    @classmethod
    def made(cls, account: Account) -> Self:
        """A provider for `account`. Raises Configuration, whatever there is that makes it unusable."""
        try:
            return cls(account)
        except SendError:
            raise
        except Exception as error:
            raise Configuration(type(error).__name__, "the account can't be used as it is configured") from error

    def batch_key(self, work: Work) -> object:
        """Works with the same key may go in one call."""
        return None

    async def idle(self) -> None:  # noqa: B027  most keep nothing open
        """Nothing is to be sent for now: close what should not be kept open."""

    async def close(self) -> None:
        """The end, when the account was changed or the process ends."""
        await self.idle()


class OneByOne(Provider):
    """A provider that takes one message a call."""

    async def send(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        return [await self._receipt(work) for work in batch]

    @abstractmethod
    async def deliver(self, work: Work) -> Sent:
        """Send one message. Raises SendError for what isn't sent."""

    async def _receipt(self, work: Work) -> Receipt:
        try:
            return await self.deliver(work)
        except SendError as error:
            return error
        except Exception as error:
            log_error(logger, f"{self.account.label}: unexpected error", error)
            return Ambiguous(type(error).__name__)


class Blocking(OneByOne):
    """A provider behind a library that blocks: `deliver_waiting` runs in threads of the account's own."""

    concurrency = 16

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._threads = ThreadPoolExecutor(self.concurrency, thread_name_prefix=f"send-{account.label}")

    @abstractmethod
    def deliver_waiting(self, work: Work) -> Sent:
        """Send one message. Called from many threads. Raises SendError for what isn't sent."""

    async def deliver(self, work: Work) -> Sent:
        return await self.in_thread(self.deliver_waiting, work)

    async def in_thread(self, call: Callable[[Given], Made], given: Given) -> Made:
        """What `call` returns or raises, in one of the account's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, call, given)

    async def close(self) -> None:
        await super().close()
        self._threads.shutdown(wait=False)


class Withdraws(ABC):
    """What a provider of pushes can do besides, where its platform has silent ones: have taken back what was pushed."""

    @abstractmethod
    async def withdraw(self, withdrawal: Withdrawal) -> Sent:
        """Tell one device, once, without a sound or a word. Raises SendError for what it isn't told."""
