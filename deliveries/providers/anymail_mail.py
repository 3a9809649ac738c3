"""Email through the API of an email service, each spoken by Anymail's own backend for it."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from anymail.exceptions import AnymailAPIError
from anymail.message import AnymailMessage
from django.core.mail import get_connection

from deliveries.providers.base import Receipt, Sent
from deliveries.providers.errors import AddressDead, Ambiguous, Deferred, Permanent, SendError
from deliveries.providers.esps import ESPS, options_of
from deliveries.providers.http import HttpProvider
from deliveries.providers.mail import MAIL_SETTINGS, Mail
from deliveries.providers.mail_message import build_shared
from deliveries.providers.mail_wire import reroute_amazon, reroute_requests
from hub.conf import conf
from hub.fallback.work import Work
from hub.loop import run
from hub.outbound import GRACE, Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_REFUSED = frozenset({"rejected", "invalid"})


class AnymailMail(Mail, HttpProvider):
    """What has the same words goes in one call where the service takes that, on its first attempt."""

    concurrency = 64
    # of the service that takes most
    batch_size = max(esp.batch for esp in ESPS.values())
    settings = (
        Setting("esp", "The email service.", choices=tuple(ESPS)),
        Setting("api_key", "Its API key; Postmark's server token.", secret=True, required=False),
        Setting("secret_key", "Mailjet: the key's second half.", secret=True, required=False),
        Setting("access_key_id", "Amazon SES: an access key that may call ses:SendEmail.", required=False),
        Setting("secret_access_key", "Amazon SES: its secret.", secret=True, required=False),
        Setting("session_token", "Amazon SES: the session's token, for temporary keys.", secret=True, required=False),
        Setting("region", "Amazon SES: the region, such as eu-west-1.", required=False),
        Setting("domain", "Mailgun: the sending domain, if it is not the sender's own.", required=False),
        Setting("stream", "Postmark: the message stream.", required=False),
        Setting("url", "The API's address, if it is not the service's usual one.", type="url", required=False),
        Setting(
            "callback_secret",
            "What its webhooks are signed with; user:password where they are not signed.",
            secret=True,
            required=False,
        ),
        *MAIL_SETTINGS,
    )

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._esp = str(account.config.get("esp"))
        self._options = options_of(self._esp, account.config)
        self._lock, self._client_of_amazon = Lock(), None
        self.batch_size = ESPS[self._esp].batch

    def backend(self) -> Any:
        backend: Any = get_connection(f"anymail.backends.{self._esp}.EmailBackend", **self._options)
        if self._esp == "amazon_ses":
            backend.client = self._amazon(backend)
        else:
            backend.open()
            reroute_requests(backend.session, self._carry)
        return backend

    def batch_key(self, work: Work) -> object:
        """The same words; and what comes again comes alone, so that one bad address spoils nothing but itself."""
        return (work.notification_id, work.locale) if work.fence == 1 else work.attempt_id

    async def send(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        if len(batch) == 1 or not _alike(batch):
            return await super().send(batch)
        return await self.in_thread(self._together, batch)

    async def idle(self) -> None:
        """Nothing to close: backends of Anymail's hold no connection of their own here."""

    def _together(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        """A receipt each for works that differ in nothing but the recipient."""
        try:
            message = build_shared(batch)
            self.give(message)
        except Permanent:
            return [Deferred("batch_refused", "together nobody gets it; each alone", retry_after=0.0)] * len(batch)
        except SendError as error:
            return _each(error, batch) or [error] * len(batch)
        return [_receipt(message, work) for work in batch]

    def _amazon(self, backend: Any) -> Any:
        """boto3's client: any thread may use it, and making one takes as long as many messages."""
        with self._lock:
            if self._client_of_amazon is None:
                backend.open()
                reroute_amazon(backend.client, self._carry)
                self._client_of_amazon = backend.client
            return self._client_of_amazon

    def _carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """From a thread, over the client on the loop."""
        return run(self._call(method, url, headers, body), timeout=conf.provider_timeout + GRACE)


def _alike(batch: Sequence[Work]) -> bool:
    first, *others = batch
    addresses = {work.address.lower() for work in batch}
    return len(addresses) == len(batch) and all(
        (work.content, work.locale, work.category) == (first.content, first.locale, first.category) for work in others
    )


def _receipt(message: AnymailMessage, work: Work) -> Receipt:
    status = message.anymail_status.recipients.get(work.address)
    if status is None or status.status == "unknown":
        return Ambiguous("unknown", "the answer doesn't say what became of this one")
    if status.status in _REFUSED:
        return AddressDead(str(status.status))
    return Sent(message_id=str(status.message_id or ""))


def _each(error: SendError, batch: Sequence[Work]) -> Sequence[Receipt]:
    """Postmark answers each message of a call, in their order; Anymail gives up all of them for one that went wrong."""
    cause = error.__cause__
    response = cause.response if isinstance(cause, AnymailAPIError) else None
    if getattr(response, "status_code", None) != 200:
        return ()
    try:
        answers = response.json()  # type: ignore[union-attr]
    except ValueError:
        return ()
    if not isinstance(answers, list) or len(answers) != len(batch):
        return ()
    return [_entry(answer) for answer in answers]


def _entry(answer: Any) -> Receipt:
    code = answer.get("ErrorCode") if isinstance(answer, dict) else None
    if code == 0:
        return Sent(message_id=str(answer.get("MessageID") or ""))
    if code is None:
        return Ambiguous("unreadable")
    return (AddressDead if code == 406 else Permanent)(str(code), str(answer.get("Message") or ""))
