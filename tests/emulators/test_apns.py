"""APNs' emulator as an independent HTTP/2 client sees it: aioapns's own, and h2 alone for what that client can't bear."""

import asyncio
import contextlib
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aioapns
import aioapns.connection
import h2.connection
import h2.events
import jwt
import pytest

from project.emulators.apns import Apns
from project.emulators.certificate import client_tls
from project.emulators.script import GO_AWAY, HANG, REFUSE_STREAM, RESET_AFTER, RESET_STREAM, Act, Refusal
from project.emulators.serving import broken_tls, serving

DEVICE, GONE = "ab" * 32, "cd" * 32
MINUTE = 60


@pytest.fixture
def apns() -> Iterator[Apns]:
    with serving(apns := Apns()):
        yield apns


class Sender:
    """A bare HTTP/2 client that gives the server no more room than it is told to."""

    def __init__(self, apns: Apns, key: str) -> None:
        self.apns, self.key = apns, key
        self.token = self.sign()
        self.h2 = h2.connection.H2Connection()

    def sign(self, **claims: Any) -> str:
        claims = {"iss": "DEMOTEAM01", "iat": int(self.apns.clock.now()), **claims}
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "EMULATED01"})

    async def open(self) -> None:
        host, port = self.apns.address
        tls = client_tls(self.apns.certificate)
        self.reader, self.writer = await asyncio.open_connection(host, port, ssl=tls)
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def post(self, device: str = DEVICE, body: bytes = b'{"aps":{"alert":"Hi"}}', **changes: str) -> int:
        stream = self.h2.get_next_available_stream_id()
        headers = {"apns-topic": "com.example", "authorization": f"bearer {self.token}", "apns-id": str(uuid.uuid4())}
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        request = [(":method", "POST"), (":scheme", "https"), (":path", f"/3/device/{device}"), (":authority", "apns")]
        self.h2.send_headers(stream, request + list(headers.items()), end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    async def events(self) -> list[h2.events.Event]:
        data = await asyncio.wait_for(self.reader.read(65536), 30)
        if not data:
            raise ConnectionResetError
        events = self.h2.receive_data(data)
        self.flush()
        return events

    async def answer(self, stream: int) -> tuple[int, dict[str, str], dict[str, Any]]:
        status, headers, body = 0, {}, b""
        while True:
            for event in await self.events():
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2.events.ResponseReceived):
                    headers = {str(name, "ascii"): str(value, "ascii") for name, value in event.headers}
                    status = int(headers[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, h2.events.StreamEnded):
                    return status, headers, json.loads(body or b"{}")

    async def reason(self, **changes: Any) -> tuple[int, str]:
        status, _, body = await self.answer(self.post(**changes))
        return status, body.get("reason", "")


@asynccontextmanager
async def connected(apns: Apns) -> AsyncIterator[Sender]:
    sender = Sender(apns, apns.mint_key())
    await sender.open()
    try:
        yield sender
    finally:
        sender.writer.transport.abort()
        with contextlib.suppress(OSError):
            await sender.writer.wait_closed()


async def test_aioapns_sends(apns: Apns) -> None:
    closed = asyncio.Event()

    class Protocol(aioapns.connection.APNsTLSClientProtocol):
        APNS_SERVER, APNS_PORT = apns.address

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            closed.set()

    pool = aioapns.connection.APNsKeyConnectionPool(
        apns.mint_key(), "EMULATED01", "DEMOTEAM01", "com.example", ssl_context=client_tls(apns.certificate)
    )
    pool.protocol_class = Protocol
    alert = {"aps": {"alert": {"title": "Hello", "body": "It works"}, "badge": 4}}
    result = await pool.send_notification(aioapns.NotificationRequest(device_token=DEVICE, message=alert))
    pool.close()
    await closed.wait()
    (message,) = apns.recorder.taken("apns", DEVICE)
    assert result.is_successful
    assert (message.title, message.body, message.badge, message.id) == ("Hello", "It works", 4, result.notification_id)


async def test_the_id_comes_back_and_a_dead_device_with_its_time(apns: Apns) -> None:
    apns.devices[GONE] = "Unregistered"
    mine = str(uuid.uuid4())
    async with connected(apns) as sender:
        status, headers, body = await sender.answer(sender.post(apns_id=mine))
        assert (status, headers["apns-id"], body) == (200, mine, {})
        status, headers, body = await sender.answer(sender.post(GONE, apns_id=mine))
    assert (status, headers["apns-id"], body["reason"]) == (410, mine, "Unregistered")
    assert abs(body["timestamp"] / 1000 - apns.clock.now()) < 60


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"device": "nothex"}, (400, "BadDeviceToken")),
        ({"device": ""}, (400, "MissingDeviceToken")),
        ({"body": b""}, (400, "PayloadEmpty")),
        ({"body": b'"' + b"x" * 4096 + b'"'}, (413, "PayloadTooLarge")),
        ({"apns_topic": ""}, (400, "MissingTopic")),
        ({"apns_priority": "7"}, (400, "BadPriority")),
        ({"apns_push_type": "shout"}, (400, "InvalidPushType")),
        ({"apns_collapse_id": "x" * 65}, (400, "BadCollapseId")),
        ({"apns_id": "one"}, (400, "BadMessageId")),
        ({"authorization": ""}, (403, "MissingProviderToken")),
        ({"authorization": "bearer nonsense"}, (403, "InvalidProviderToken")),
    ],
)
async def test_what_apple_would_not_take(apns: Apns, changes: dict[str, Any], answer: tuple[int, str]) -> None:
    async with connected(apns) as sender:
        assert await sender.reason(**changes) == answer
    assert not apns.recorder.asked()


@pytest.mark.parametrize(
    ("aps", "priority", "answer"),
    [
        ({"content-available": 1}, "5", (200, "")),
        ({"content-available": 1}, "10", (400, "BadPriority")),
        ({"content-available": 1}, "1", (400, "BadPriority")),
        ({"content-available": 1, "alert": "Hi"}, "5", (400, "InvalidPushType")),
        ({"content-available": 1, "badge": 0}, "5", (400, "InvalidPushType")),
        ({"content-available": 1, "sound": ""}, "5", (400, "InvalidPushType")),
        ({}, "5", (400, "InvalidPushType")),
    ],
)
async def test_a_background_push_is_silent_and_not_urgent(
    apns: Apns, aps: dict[str, Any], priority: str, answer: tuple[int, str]
) -> None:
    body = json.dumps({"aps": aps, "type": "withdraw", "item_ids": ["one"], "unread": 3}).encode()
    async with connected(apns) as sender:
        assert await sender.reason(body=body, apns_push_type="background", apns_priority=priority) == answer
        assert [(one.withdraws, one.badge) for one in apns.recorder.taken()] == [(("one",), 3)] * (answer[0] == 200)


async def test_a_background_push_without_a_priority_has_the_wrong_one(apns: Apns) -> None:
    async with connected(apns) as sender:
        body = b'{"aps":{"content-available":1}}'
        assert await sender.reason(body=body, apns_push_type="background") == (400, "BadPriority")


async def test_a_provider_token_is_good_for_an_hour_and_renewed_no_faster_than_every_twenty_minutes(apns: Apns) -> None:
    async with connected(apns) as sender:
        assert await sender.reason() == (200, "")
        apns.clock.advance(10 * MINUTE)
        good, sender.token = sender.token, sender.sign()
        assert await sender.reason() == (429, "TooManyProviderTokenUpdates")
        sender.token = good
        assert await sender.reason() == (200, "")
        apns.clock.advance(51 * MINUTE)
        assert await sender.reason() == (403, "ExpiredProviderToken")
        sender.token = sender.sign()
        assert await sender.reason() == (200, "")


@pytest.mark.parametrize("claims", [{"iss": "ANOTHER"}, {"iat": "now"}, {"iat": 9_999_999_999}])
async def test_a_provider_token_must_be_the_teams_own(apns: Apns, claims: dict[str, Any]) -> None:
    async with connected(apns) as sender:
        sender.token = sender.sign(**claims)
        assert await sender.reason() == (403, "InvalidProviderToken")


async def test_errors_go_out_only_as_far_as_the_client_makes_room(apns: Apns) -> None:
    """A client that never acknowledges data gets 65,535 bytes of it, and then no more."""
    async with connected(apns) as sender:
        apns.script.always(Refusal(400, "Long" * 250))
        received = ended = posted = 0
        while received < 65_535:
            if posted == ended:
                posted += len([sender.post() for _ in range(100)])
            for event in await sender.events():
                received += len(event.data) if isinstance(event, h2.events.DataReceived) else 0
                ended += isinstance(event, h2.events.StreamEnded)
        assert received == 65_535
        sender.h2.increment_flow_control_window(1_000_000)
        sender.flush()
        while ended < posted:
            ended += sum(isinstance(event, h2.events.StreamEnded) for event in await sender.events())


async def test_streams_and_connections_that_end_early(apns: Apns) -> None:
    async with connected(apns) as sender:
        apns.script.then(REFUSE_STREAM, RESET_STREAM, GO_AWAY)
        first, second = sender.post(), sender.post()
        codes: dict[int, int] = {}
        while len(codes) < 2:
            for event in await sender.events():
                if isinstance(event, h2.events.StreamReset):
                    codes[event.stream_id] = int(event.error_code)
        assert codes == {first: 7, second: 2}
        sender.post()
        events: list[h2.events.Event] = []
        while not any(isinstance(event, h2.events.ConnectionTerminated) for event in events):
            events += await sender.events()
        (gone,) = (event for event in events if isinstance(event, h2.events.ConnectionTerminated))
        assert (gone.last_stream_id, gone.additional_data) == (second, b'{"reason":"Shutdown"}')
    assert [message.taken for message in apns.recorder.asked()] == [False, True, False]


@pytest.mark.parametrize("act", [RESET_AFTER, HANG])
async def test_a_neighbour_of_a_hung_message_is_answered(apns: Apns, act: Act) -> None:
    async with connected(apns) as sender, connected(apns) as other:
        other.key = sender.key = apns.mint_key()
        other.token = sender.token = sender.sign()
        apns.script.then(act)
        sender.post()
        if act is RESET_AFTER:
            with pytest.raises(ConnectionError):
                await sender.answer(1)
        else:
            assert await sender.reason() == (200, "")
        assert await other.reason() == (200, "")


async def test_a_handshake_may_be_answered_with_nonsense(apns: Apns) -> None:
    with broken_tls() as (host, port), pytest.raises(ssl.SSLError):
        await asyncio.open_connection(host, port, ssl=client_tls(apns.certificate))
