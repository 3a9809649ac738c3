"""FCM's emulator as the vendors' own clients see it: pyfcm sends, google-auth gets the token."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import google.auth.exceptions
import google.auth.transport.requests
import pyfcm.errors
import pytest
from google.oauth2 import service_account
from pyfcm import FCMNotification

from project.emulators.clock import Clock
from project.emulators.fcm import Fcm
from project.emulators.script import EMPTY, HANG, RESET_AFTER, RESET_BEFORE, Late, Refusal, Split
from project.emulators.serving import serving
from tests.emulators.http import Answer, post

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # pyfcm never closes its session
SCOPE = ["https://www.googleapis.com/auth/firebase.messaging"]


@pytest.fixture(scope="module")
def serve() -> Iterator[Fcm]:
    with serving(fcm := Fcm()):
        yield fcm


@pytest.fixture
def fcm(serve: Fcm) -> Fcm:
    serve.script.behave()
    serve.recorder.clear()
    serve.devices.clear()
    serve.clock = Clock()
    return serve


def client(fcm: Fcm, **changes: str) -> FCMNotification:
    account = {**fcm.service_account(), **changes}
    credentials = service_account.Credentials.from_service_account_info(account, scopes=SCOPE)
    sender = FCMNotification(credentials=credentials, project_id=fcm.project)
    sender.FCM_END_POINT_BASE = f"{fcm.url}/v1/projects"
    return sender


def push(fcm: Fcm, message: dict[str, Any], token: str = "", timeout: float = 20) -> Answer:
    url, known = f"{fcm.url}/v1/projects/{fcm.project}/messages:send", f"Bearer {token or fcm.mint_token()}"
    return post(url, content={"message": message}, timeout=timeout, authorization=known)


def error_code(body: bytes) -> str:
    return str(json.loads(body)["error"]["details"][0]["errorCode"])


def test_pyfcm_sends_with_a_token_from_the_token_endpoint(fcm: Fcm) -> None:
    answer = client(fcm).notify(
        fcm_token="phone-1",
        notification_title="Hello",
        notification_body="It works",
        android_config={"notification": {"notification_count": 3}},
        data_payload={"url": "/orders/1"},
    )
    (message,) = fcm.recorder.taken("fcm", "phone-1")
    assert answer == {"name": message.id}
    assert (message.title, message.body, message.badge, message.url) == ("Hello", "It works", 3, "/orders/1")


def test_a_forged_service_account_gets_no_token(fcm: Fcm) -> None:
    forged = Fcm()
    forged.url = fcm.url
    with pytest.raises(pyfcm.errors.InvalidDataError, match="Invalid JWT Signature"):
        client(fcm, private_key=forged.service_account()["private_key"]).notify(fcm_token="phone-1")
    assert not fcm.recorder.asked()


def test_an_access_token_ends_with_the_hour(fcm: Fcm) -> None:
    token = fcm.mint_token()
    assert push(fcm, {"token": "phone-1"}, token)[0] == 200
    fcm.clock.advance(3600)
    status, _, body = push(fcm, {"token": "phone-1"}, token)
    assert (status, json.loads(body)["error"]["details"][0]["reason"]) == (401, "ACCESS_TOKEN_EXPIRED")


def test_a_device_that_is_gone_is_told_by_its_error_code(fcm: Fcm) -> None:
    fcm.devices["phone-2"] = "UNREGISTERED"
    status, _, body = push(fcm, {"token": "phone-2"})
    assert (status, json.loads(body)["error"]["status"], error_code(body)) == (404, "NOT_FOUND", "UNREGISTERED")
    with pytest.raises(pyfcm.errors.FCMNotRegisteredError):
        client(fcm).notify(fcm_token="phone-2")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({}, "Recipient"),
        ({"token": "a", "topic": "b"}, "Recipient"),
        ({"token": "white space"}, "registration token"),
        ({"token": "a", "colour": "red"}, 'Unknown name "colour"'),
        ({"token": "a", "data": {"count": 3}}, "message.data[0].value"),
        ({"token": "a", "data": {"text": "x" * 4096}}, "too big"),
        ({"token": "a", "data": {"from": "us"}}, "data payload key: from"),
        ({"token": "a", "data": {"google.kind": "us"}}, "data payload key: google.kind"),
        ({"token": "a", "android": {"priority": "5"}}, "message.android.priority"),
    ],
)
def test_what_fcm_would_not_take_is_an_invalid_argument(fcm: Fcm, message: dict[str, Any], says: str) -> None:
    status, _, body = push(fcm, message)
    assert (status, error_code(body)) == (400, "INVALID_ARGUMENT")
    assert says in json.loads(body)["error"]["message"]


def test_what_is_silent_takes_away_what_was_shown_under_its_tags(fcm: Fcm) -> None:
    assert push(fcm, {"token": "a", "android": {"notification": {"tag": "order-17"}}})[0] == 200
    data = {"type": "withdraw", "tags": '["order-17"]', "unread": "2"}
    assert push(fcm, {"token": "a", "data": data, "android": {"priority": "NORMAL"}})[0] == 200
    shown, silent = fcm.recorder.taken()
    assert (shown.handle, shown.withdraws) == ("order-17", None)
    assert (silent.handle, silent.withdraws, silent.badge) == ("", ("order-17",), 2)


def test_errors_are_told_with_their_wait(fcm: Fcm) -> None:
    until = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    fcm.script.then(Refusal(429, retry_after=7), Refusal(503, retry_after=until), Refusal(500))
    status, headers, body = push(fcm, {"token": "a"})
    assert (status, error_code(body), headers["retry-after"]) == (429, "QUOTA_EXCEEDED", "7")
    status, headers, body = push(fcm, {"token": "a"})
    assert (status, error_code(body), headers["retry-after"]) == (503, "UNAVAILABLE", "Fri, 02 Jan 2026 03:04:05 GMT")
    assert push(fcm, {"token": "a"})[0] == 500
    assert push(fcm, {"token": "a"})[0] == 200
    assert len(fcm.recorder.asked()) == 4
    assert len(fcm.recorder.taken()) == 1


def test_a_marker_in_the_text_is_obeyed(fcm: Fcm) -> None:
    status, headers, _ = push(fcm, {"token": "a", "notification": {"title": "Hello [[429 in 20]]"}})
    assert (status, headers["retry-after"]) == (429, "20")


def test_a_late_answer_an_empty_one_and_one_in_pieces(fcm: Fcm) -> None:
    fcm.script.then(Late(0.2), EMPTY, Split(4))
    started = time.monotonic()
    assert push(fcm, {"token": "a"})[0] == 200
    assert time.monotonic() - started >= 0.2
    assert push(fcm, {"token": "a"})[::2] == (200, b"")
    assert json.loads(push(fcm, {"token": "a"})[2])["name"] == fcm.recorder.taken()[-1].id


@pytest.mark.parametrize(("deed", "copies"), [(RESET_BEFORE, 0), (RESET_AFTER, 1)])
def test_a_cut_connection(fcm: Fcm, deed: Any, copies: int) -> None:
    fcm.script.then(deed)
    with pytest.raises(ConnectionError):
        push(fcm, {"token": "a"})
    assert len(fcm.recorder.taken()) == copies


def test_a_connection_is_cut_before_the_body_is_there(fcm: Fcm) -> None:
    fcm.script.then(RESET_BEFORE)
    address = urlsplit(fcm.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as client:
        client.sendall(b"POST /fcm/v1/projects/p/messages:send HTTP/1.1\r\nHost: fcm\r\nContent-Length: 1000\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_hung_one_takes_the_message_all_the_same(fcm: Fcm) -> None:
    fcm.script.then(HANG)
    with pytest.raises(TimeoutError):
        push(fcm, {"token": "a"}, timeout=1)
    assert sum(fcm.recorder.copies().values()) == 1


def test_what_the_emulator_can_make_nothing_of_is_its_own_failure(fcm: Fcm, caplog: pytest.LogCaptureFixture) -> None:
    status, _, body = push(fcm, {"token": "a", "notification": ["not an object"]})
    assert (status, body) == (500, b"The emulator failed; its log says why.\n")
    assert "can't make anything of a request" in caplog.text


def test_google_auth_hears_of_a_token_endpoint_that_is_down(fcm: Fcm) -> None:
    credentials = service_account.Credentials.from_service_account_info(fcm.service_account(), scopes=SCOPE)
    fcm.oauth.then(Refusal(400, "invalid_client"))
    with pytest.raises(google.auth.exceptions.RefreshError):
        credentials.refresh(google.auth.transport.requests.Request())
