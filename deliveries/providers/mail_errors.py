"""What an error of a mail backend means. Pure: exceptions in, decisions out."""

import smtplib
import ssl
from collections.abc import Mapping
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.exceptions import ImproperlyConfigured
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from deliveries.providers.answers import meaning_of, seconds_until
from deliveries.providers.errors import (
    AddressDead,
    Ambiguous,
    Configuration,
    Permanent,
    SendError,
    Throttled,
    Transient,
)

# the mailbox is unknown, has moved, or its name is not allowed (RFC 5321 §4.2.3)
DEAD_MAILBOX = frozenset({550, 551, 553})
MESSAGE_TOO_BIG = 552
# the server ends this connection, often because it has carried enough messages
CLOSING = 421


def decide(error: Exception, *, payload_begun: bool | None) -> SendError:
    """The decision about `error`. `payload_begun`: whether the message had begun to go over the wire; None: unknown."""
    if isinstance(error, smtplib.SMTPException):
        return _smtp(error, payload_begun)
    if isinstance(error, AnymailAPIError):
        return _api(error)
    for kinds, decision in _BEFORE_THE_CALL:
        if isinstance(error, kinds):
            return decision(type(error).__name__, str(error))
    return _unreached(error, payload_begun)


# raised while a message is prepared or its answer is read, so that no copy of it can be under way
_BEFORE_THE_CALL: tuple[tuple[tuple[type[Exception], ...], type[SendError]], ...] = (
    ((AnymailRecipientsRefused, AnymailInvalidAddress), AddressDead),
    ((AnymailConfigurationError, ImproperlyConfigured), Configuration),
    ((AnymailUnsupportedFeature, AnymailSerializationError), Permanent),
)


def _unreached(error: Exception, payload_begun: bool | None) -> SendError:
    """No answer at all: a connection that broke, or something that we haven't thought of."""
    if payload_begun is not False:
        return Ambiguous(type(error).__name__, str(error))
    # a value that can't be spelled in a message or a command never will be
    decision = Permanent if isinstance(error, ValueError) else Transient
    return decision(type(error).__name__, str(error))


def _smtp(error: smtplib.SMTPException, payload_begun: bool | None) -> SendError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _reply(code, text, AddressDead if code in DEAD_MAILBOX else Permanent)
    if isinstance(error, smtplib.SMTPSenderRefused):
        # it is our own sender that it refuses, or us: no recipient would fare better
        return _reply(
            error.smtp_code, error.smtp_error, Permanent if error.smtp_code == MESSAGE_TOO_BIG else Configuration
        )
    if isinstance(error, smtplib.SMTPDataError):
        return _reply(error.smtp_code, error.smtp_error, Permanent)
    if isinstance(error, smtplib.SMTPResponseException):
        # the greeting, HELO or AUTH, so before any message; passwords get rotated, servers restarted: try again
        return Transient(str(error.smtp_code), _text(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Configuration("not_supported", str(error))
    return _unreached(error, payload_begun)


def _reply(code: int, text: bytes | str, if_permanent: type[SendError]) -> SendError:
    """A definite answer, and it is no: 5yz never, 4yz later, 421 on another connection."""
    decision = if_permanent if code >= 500 else Transient if code == CLOSING else Throttled
    return decision(str(code), _text(text))


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply


def _api(error: AnymailAPIError) -> SendError:
    if isinstance(error.response, dict):
        return _amazon(error.response)
    if error.status_code is None:
        return _no_response(error)
    # an unreadable 2xx too: the provider had the whole message and may have kept it
    meaning = meaning_of(error.status_code)
    wish = getattr(error.response, "headers", {}).get("Retry-After", "") if meaning is Throttled else ""
    answer = _text(getattr(error.response, "text", "") or "")
    return meaning(str(error.status_code), answer, retry_after=seconds_until(wish))


# Amazon's codes that mean something else than their status
_AMAZON = {
    **dict.fromkeys(("LimitExceededException", "ThrottlingException", "Throttling"), Throttled),
    **dict.fromkeys(("AccountSuspendedException", "SendingPausedException"), Configuration),
    "MailFromDomainNotVerifiedException": Configuration,
}


def _amazon(response: Mapping[str, Any]) -> SendError:
    """What botocore made of an answer of SES."""
    told, said = response.get("ResponseMetadata", {}), response.get("Error", {})
    status, code = int(told.get("HTTPStatusCode", 200)), str(said.get("Code", ""))
    meaning = _AMAZON.get(code) or meaning_of(status)
    wish = told.get("HTTPHeaders", {}).get("retry-after", "") if meaning is Throttled else ""
    return meaning(code or str(status), str(said.get("Message", "")), retry_after=seconds_until(wish))


def _no_response(error: AnymailAPIError) -> SendError:
    unconnected = isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError))
    code = type(error.__cause__ or error).__name__
    # not its text: that holds the URL, and with some providers the URL holds a secret
    return Transient(code) if unconnected or _never_connected(error) else Ambiguous(code)


def _never_connected(error: BaseException) -> bool:
    """requests has one ConnectionError for a refused connection and a broken one; urllib3 tells them apart."""
    cause = error.__cause__
    reason = cause.args[0] if cause and cause.args else None
    if not isinstance(reason, MaxRetryError):
        return False
    why = reason.reason
    distrusted = isinstance(why, TlsError) and any(isinstance(a, ssl.SSLCertVerificationError) for a in why.args)
    return distrusted or isinstance(why, NewConnectionError)
