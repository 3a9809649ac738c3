"""Subscribers are named by the tenant's own ids, whatever characters those have; nobody else's can be touched."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from django.core.asgi import get_asgi_application

from hub.audience.models import Stream, Subscriber
from hub.inbox.models import InboxItem
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.factories import send

pytestmark = rolled_back

PROFILE = {
    "name": "Alice",
    "email": "alice@example.com",
    "phone": "+4930123456",
    "locale": "de",
    "timezone": "Europe/Berlin",
    "attributes": {"plan": "pro"},
}


def test_put_makes_and_replaces(server: Api) -> None:
    made = server.put("/subscribers/alice", PROFILE).json()
    assert made | PROFILE == made
    assert made["id"] == "alice"
    assert Stream.objects.count() == 1
    replaced = server.put("/subscribers/alice", {"name": "A"}).json()
    assert (replaced["name"], replaced["email"], replaced["attributes"]) == ("A", "", {})
    assert Subscriber.objects.count() == 1


def test_patch_changes_what_it_names(server: Api) -> None:
    server.put("/subscribers/alice", PROFILE)
    changed = server.patch("/subscribers/alice", {"email": None, "name": "Al"}).json()
    assert (changed["name"], changed["email"], changed["phone"]) == ("Al", "", "+4930123456")
    problem_of(server.patch("/subscribers/nobody", {}), 404, "not_found")


@commits
@pytest.mark.parametrize(
    "external_id", ["a b", "ü/ö", "100%", "a?b=c#d", "a+b", "mailto:x@example.com", "..", "🦊", "%2F"]
)
def test_an_id_may_hold_anything(server: Api, external_id: str) -> None:
    """Over ASGI, where the path arrives as it was sent."""
    address = f"/api/v1/subscribers/{quote(external_id, safe='')}"
    for method, suffix in (("PUT", ""), ("GET", ""), ("GET", "/preferences"), ("DELETE", "")):
        status, body = asgi(method, address + suffix, server.credential)
        assert status in {200, 204}, body
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("external_id", ["a%0Ab", "%E2%80%A8", "x" * 256])
def test_an_id_must_be_printable(server: Api, external_id: str) -> None:
    assert "id" in fields_of(problem_of(server.put(f"/subscribers/{external_id}"), 422, "invalid_request"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nonsense"),
        ("email", "a@example.com\nBcc: b@example.com"),
        ("email", 1),
        ("phone", "0301234"),
        ("locale", "german"),
        ("timezone", "Mars/Base"),
        ("timezone", "../../etc/passwd"),
        ("attributes", []),
        ("attributes", {"a": "x" * 20_000}),
        ("name", "x" * 201),
        ("name", "a\nb"),
        ("nonsense", 1),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, field: str, value: object) -> None:
    for method in (server.put, server.patch):
        server.put("/subscribers/alice")
        assert fields_of(problem_of(method("/subscribers/alice", {field: value}), 422, "invalid_request")) == {field}


@commits
def test_delete_erases(server: Api, alice: Subscriber, bob: Subscriber) -> None:
    send(alice.tenant, ["alice", "bob"])
    server.put("/topics/news", {})
    server.put("/topics/news/members", {"subscribers": ["alice"]})
    assert server.delete("/subscribers/alice").status_code == 204
    problem_of(server.get("/subscribers/alice"), 404, "not_found")
    problem_of(server.delete("/subscribers/alice"), 404, "not_found")
    assert [item.subscriber for item in InboxItem.objects.all()] == [bob]
    assert Stream.objects.count() == 1


def test_list(server: Api, stranger: Api, alice: Subscriber, bob: Subscriber) -> None:
    first = server.get("/subscribers?limit=1").json()
    second = server.get(f"/subscribers?limit=1&cursor={first['next']}").json()
    assert [row["id"] for row in first["items"] + second["items"]] == ["bob", "alice"]
    assert [row["id"] for row in server.get("/subscribers?email=bob@example.com").json()["items"]] == ["bob"]
    assert [row["id"] for row in stranger.get("/subscribers").json()["items"]] == ["charlie"]


def test_a_stranger_sees_nobody(stranger: Api, alice: Subscriber) -> None:
    for path in ("/subscribers/alice", "/subscribers/alice/preferences"):
        problem_of(stranger.get(path), 404, "not_found")
        problem_of(stranger.patch(path, {}), 404, "not_found")
    problem_of(stranger.delete("/subscribers/alice"), 404, "not_found")
    stranger.put("/subscribers/alice", {"name": "Mallory"})
    alice.refresh_from_db()
    assert alice.name == "Alice"


def asgi(method: str, path: str, credential: str) -> tuple[int, bytes]:
    """One request through the real ASGI handler."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _decoded(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"authorization", f"Bearer {credential}".encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def run() -> None:
        asked = asyncio.Queue[Any]()
        asked.put_nowait({"type": "http.request", "body": b"{}" if method == "PUT" else b"", "more_body": False})

        async def send(message: Any) -> None:
            sent.append(message)

        await get_asgi_application()(scope, asked.get, send)

    asyncio.run(run())
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _decoded(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)
