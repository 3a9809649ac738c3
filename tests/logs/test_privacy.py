"""The logs of every process tell which request, notification and attempt, and nothing of anybody: the whole way is gone with
a marker in every personal field, in what succeeds and in what is refused, and no marker is in any log."""

import asyncio
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.support.client import HubClient
from tests.support.hub_process import RunningHub, running_hub

MARK = "Zebedee"
WHO = f"{MARK}-id@example.com"
ADDRESS = f"{MARK.lower()}@example.com"
PHONE = "+4915799887766"
PROFILE = {
    "name": f"{MARK} Name",
    "email": ADDRESS,
    "phone": PHONE,
    "timezone": "Europe/Berlin",
    "attributes": {"pet": f"{MARK}-pet"},
}
MESSAGE = {
    "to": [WHO, {"id": "second", "name": f"{MARK} Second", "email": f"second-{ADDRESS}"}, {"email": f"bare-{ADDRESS}"}],
    "title": f"{MARK} title",
    "body": f"{MARK} body",
    "html": f"<p>{MARK} html</p>",
    "data": {"secret": f"{MARK}-data"},
    "actor": {"name": f"{MARK} Actor"},
    "action_url": f"/{MARK}-link",
    "tags": [f"{MARK}-tag"],
    "group_key": f"{MARK}-group",
    "cancel_key": f"{MARK}-cancel",
}
REQUEST_ID = "req-4711-from-the-caller"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/13").geturl()
    settings = {"HUB_LOG_FORMAT": "json", "HUB_LOG_LEVEL": "DEBUG"}
    folder = tmp_path_factory.mktemp("logs")
    with running_hub(folder, server_url=os.environ["DATABASE_URL"], redis_url=redis_url, **settings) as running:
        yield running


def call(hub: RunningHub, method: str, path: str, body: Any = None, credential: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {credential}", "Content-Type": "application/json", "X-Request-Id": REQUEST_ID}
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{hub.url}/api/v1{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def lines_of(hub: RunningHub) -> Iterator[tuple[str, str]]:
    for file in sorted((hub.folder / "logs").glob("*.log*")):
        yield from ((file.stem, line) for line in file.read_text(errors="replace").splitlines() if line.strip())


async def go_the_whole_way(hub: RunningHub, key: str) -> tuple[str, str]:
    """Returns the notification and the user's token."""
    someone = f"/subscribers/{quote(WHO, safe='')}"
    assert call(hub, "PUT", someone, PROFILE, key)[0] in (200, 201)
    token = call(hub, "POST", "/user-tokens", {"subscriber": WHO, "ttl": 600}, key)[1]["token"]
    client = await HubClient(f"{hub.url.replace('http', 'ws', 1)}/api/v1/ws", token=token).connect()
    status, accepted = call(hub, "POST", "/notifications", MESSAGE, key)
    assert status == 202
    await client.until_last(1)
    item = client.of_type("notification")[0]["item"]["id"]
    assert (await client.mark("read", item))["type"] == "receipt"
    await client.send({"type": "mark", "id": "m", "op": f"{MARK}", "ids": [MARK]})
    await client.send(f"{MARK} is no frame")
    await client.until_closed()
    assert call(hub, "GET", "/inbox", None, token)[0] == 200
    return accepted["id"], token


def be_refused(hub: RunningHub, key: str, token: str) -> None:
    """Whatever a caller may do wrong with somebody's data in hand."""
    assert call(hub, "POST", "/notifications", {"to": {"email": f"{MARK} at home"}, "title": MARK}, key)[0] == 422
    assert call(hub, "POST", "/notifications", b'{"to": "' + MARK.encode(), key)[0] == 400
    assert call(hub, "GET", f"/subscribers/{MARK}-{ADDRESS}", None, key)[0] == 404
    assert call(hub, "GET", f"/nowhere/{ADDRESS}?email={ADDRESS}", None, key)[0] == 404
    assert call(hub, "GET", "/inbox", None, token[:-4] + "AAAA")[0] == 401
    assert call(hub, "GET", "/notifications", None, key[:-4] + "AAAA")[0] == 401
    for path in (f"/{ADDRESS}", f"/admin/{ADDRESS}/?q={MARK}"):
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{hub.url}{path}", timeout=20)


async def break_the_record(hub: RunningHub, key: str) -> None:
    """A defect: PostgreSQL refuses the row, and quotes all of it in its error. A broken table is as good as broken code."""
    with psycopg.connect(hub.database_url, autocommit=True) as database:
        database.execute("ALTER TABLE hub_notification ADD CONSTRAINT broken CHECK (event <> 'message') NOT VALID")
        assert call(hub, "POST", "/notifications", MESSAGE, key)[0] == 500
        database.execute("ALTER TABLE hub_notification DROP CONSTRAINT broken")


async def test_no_log_names_anybody_and_every_line_can_be_traced(hub: RunningHub) -> None:
    key = hub.demo()["api_key"]
    notification_id, token = await go_the_whole_way(hub, key)
    be_refused(hub, key, token)
    await break_the_record(hub, key)
    deadline = time.monotonic() + 20
    while len(hub.mails()) < 2:
        assert time.monotonic() < deadline, "the two who are away are mailed"
        await asyncio.sleep(0.05)
    with psycopg.connect(hub.database_url) as database:
        assert database.execute("SELECT DISTINCT request_id FROM hub_notification").fetchall() == [(REQUEST_ID,)]
    hub.stop()

    lines = list(lines_of(hub))
    for secret in (MARK, MARK.lower(), ADDRESS, quote(ADDRESS), PHONE, key, token, key[8:-4]):
        assert [(name, line) for name, line in lines if secret in line] == []

    # Celery says first, in its own words, that it should not be root.
    json_lines = [(name, line) for name, line in lines if name == "web" or line.startswith("{")]
    events = [(name, json.loads(line)) for name, line in json_lines]
    assert all({"event", "level", "logger", "timestamp"} <= event.keys() for _, event in events)
    ours = [event for name, event in events if name == "web" and event.get("request_id") == REQUEST_ID]
    assert {"tenant": "demo", "method": "POST", "route": "api/v1/notifications", "status": 202}.items() <= next(
        event for event in ours if event["event"] == "request" and event["status"] == 202
    ).items()
    assert any(event.get("notification_id") == notification_id for event in ours)
    assert any("CheckViolation" in event.get("exception", "") for event in ours)
    attempts = [event for name, event in events if name == "worker" and event["event"] == "attempt"]
    assert {event["request_id"] for event in attempts} == {REQUEST_ID}
    assert {event["notification_id"] for event in attempts} == {notification_id}
    assert all(event["delivery_id"] and event["attempt_id"] for event in attempts)
