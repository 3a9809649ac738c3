"""Promise: every failure of a mail provider has one decision, and what may be out there is never called unsent."""

import smtplib
import ssl
from typing import Any

import pytest
import requests
import urllib3.exceptions as urllib3
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailUnsupportedFeature,
)
from django.core.exceptions import ImproperlyConfigured

from deliveries.providers.mail_errors import decide


def refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@b.example": (code, b"no")})


@pytest.mark.parametrize(
    ("error", "begun", "outcome"),
    [
        # the server said no
        (refused(450), False, "throttled"),
        (refused(452), False, "throttled"),
        (refused(421), False, "transient"),
        (refused(550), False, "address_dead"),
        (refused(551), False, "address_dead"),
        (refused(553), False, "address_dead"),
        (refused(552), False, "permanent"),
        (refused(554), False, "permanent"),
        (smtplib.SMTPSenderRefused(451, b"later", "f"), False, "throttled"),
        (smtplib.SMTPSenderRefused(530, b"login first", "f"), False, "configuration"),
        (smtplib.SMTPSenderRefused(552, b"too big", "f"), False, "permanent"),
        (smtplib.SMTPDataError(451, b"later"), True, "throttled"),
        (smtplib.SMTPDataError(554, b"spam"), True, "permanent"),
        (smtplib.SMTPDataError(550, b"policy"), True, "permanent"),
        # before any message
        (smtplib.SMTPConnectError(554, b"go away"), False, "transient"),
        (smtplib.SMTPHeloError(500, b"what"), False, "transient"),
        (smtplib.SMTPAuthenticationError(535, b"bad"), False, "transient"),
        (smtplib.SMTPNotSupportedError("no AUTH"), False, "configuration"),
        (ConnectionRefusedError(), False, "transient"),
        (OSError("name resolution"), False, "transient"),
        (TimeoutError(), False, "transient"),
        # the connection broke
        (smtplib.SMTPServerDisconnected("gone"), False, "transient"),
        (smtplib.SMTPServerDisconnected("gone"), True, "ambiguous"),
        (smtplib.SMTPServerDisconnected("gone"), None, "ambiguous"),
        (TimeoutError(), True, "ambiguous"),
        (TimeoutError(), None, "ambiguous"),
        # our own
        (ValueError("Invalid address"), False, "permanent"),
        (ImproperlyConfigured("no key"), None, "configuration"),
        (AnymailConfigurationError("no key"), None, "configuration"),
        (AnymailInvalidAddress("@"), None, "address_dead"),
        (AnymailRecipientsRefused(), None, "address_dead"),
        (AnymailUnsupportedFeature("tags"), None, "permanent"),
        # nobody knows
        (RuntimeError("?"), None, "ambiguous"),
        (AnymailAPIError("SDK without a status"), None, "ambiguous"),
    ],
)
def test_smtp_and_local_errors(error: Exception, begun: bool | None, outcome: str) -> None:
    assert decide(error, payload_begun=begun).outcome == outcome


def api_error(status: int, **headers: str) -> AnymailRequestsAPIError:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response._content = b'{"message": "no"}'
    return AnymailRequestsAPIError(response=response)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, "configuration"),
        (413, "permanent"),
        (429, "throttled"),
        (500, "ambiguous"),
        (200, "ambiguous"),
    ],
)
def test_api_statuses(status: int, outcome: str) -> None:
    decision = decide(api_error(status), payload_begun=None)
    assert (decision.outcome, decision.code, decision.answer) == (outcome, str(status), '{"message": "no"}')


def test_only_who_throttles_is_asked_when() -> None:
    assert decide(api_error(429, Retry_After="17"), payload_begun=None).retry_after == 17
    assert decide(api_error(429), payload_begun=None).retry_after is None
    assert decide(api_error(413, Retry_After="17"), payload_begun=None).retry_after is None


def lost(cause: requests.RequestException) -> Exception:
    """As Anymail raises it: both its own error and requests'."""
    both: Any = type("AnymailRequestsAPIError", (AnymailRequestsAPIError, type(cause)), {})
    error: Exception = both("Error posting to https://api.example/v3?key=secret:")
    error.__cause__ = cause
    return error


def gave_up(reason: Exception) -> urllib3.MaxRetryError:
    return urllib3.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


UNCONNECTED = urllib3.NewConnectionError(None, "refused")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (requests.ConnectTimeout(), "transient"),
        (requests.exceptions.ProxyError(), "transient"),
        (requests.ConnectionError(gave_up(UNCONNECTED)), "transient"),
        (requests.exceptions.SSLError(gave_up(urllib3.SSLError(ssl.SSLCertVerificationError()))), "transient"),
        (requests.exceptions.SSLError(gave_up(urllib3.SSLError(ssl.SSLEOFError()))), "ambiguous"),
        (requests.ConnectionError(urllib3.ProtocolError("Connection aborted.")), "ambiguous"),
        (requests.ReadTimeout(), "ambiguous"),
        (requests.exceptions.ChunkedEncodingError(), "ambiguous"),
    ],
)
def test_api_calls_without_a_response(cause: requests.RequestException, outcome: str) -> None:
    decision = decide(lost(cause), payload_begun=None)
    assert decision.outcome == outcome
    assert "secret" not in decision.answer
