"""Statuses and headers, as every provider behind HTTP reads them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from deliveries.providers.answers import fields_of, meaning_of, seconds_until, text_of
from hub.outbound import Answer


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((429, 503), "throttled"),
        ((301, 302, 307, 401, 402, 403, 404), "configuration"),
        ((400, 405, 409, 410, 413, 415, 422, 451, 499), "permanent"),
        ((408,), "transient"),
        ((200, 500, 501, 502, 504, 520, 599, 999), "ambiguous"),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], outcome: str) -> None:
    assert {str(meaning_of(status).outcome) for status in statuses} == {outcome}


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), (" 7 ", 7), ("0.4", 0.4), ("", None), ("soon", None), ("-5", None), ("²", None)]
)
def test_seconds(value: str, seconds: float | None) -> None:
    assert seconds_until(value) == seconds


def test_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=90)
    assert seconds_until(format_datetime(soon, usegmt=True)) == pytest.approx(90, abs=20)
    assert seconds_until("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert seconds_until("Wed, 21 Oct 2015 07:28:00") is None


@pytest.mark.parametrize("body", [b"", b"[1]", b"null", b"<html>", b"\xff", b'{"a": 1'])
def test_what_is_no_object_has_no_fields(body: bytes) -> None:
    assert fields_of(Answer(200, {}, body)) == {}
    assert len(text_of(Answer(200, {}, body * 5_000))) <= 1_000
