"""A write that is sent again with its key does nothing and gets the first answer; two at once can't both do it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from hub.audience.models import Subscriber
from hub.notifications.models import Idempotency, Notification
from hub.tenancy.models import ApiKey
from hub.tenancy.services import create_api_key
from tests.api.client import Api, commits, fields_of, problem_of

pytestmark = commits

BODY = {"to": "alice", "title": "Hello"}


def test_a_repeat_gets_the_first_answer(server: Api, alice: Subscriber) -> None:
    first = server.post("/notifications", BODY, Idempotency_Key="k1")
    again = server.post("/notifications", BODY, Idempotency_Key="k1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert Notification.objects.count() == 1


def test_the_order_of_fields_does_not_matter(server: Api) -> None:
    server.post("/notifications", BODY, Idempotency_Key="k1")
    again = server.post("/notifications", dict(reversed(BODY.items())), Idempotency_Key="k1")
    assert again["Idempotent-Replayed"] == "true"


def test_another_body_is_refused(server: Api) -> None:
    server.post("/notifications", BODY, Idempotency_Key="k1")
    problem_of(
        server.post("/notifications", BODY | {"title": "x"}, Idempotency_Key="k1"), 422, "idempotency_key_reused"
    )
    problem_of(server.post("/notifications/cancel", BODY, Idempotency_Key="k1"), 422, "idempotency_key_reused")


def test_a_failure_is_not_kept(server: Api) -> None:
    problem_of(server.post("/notifications", {"to": "alice"}, Idempotency_Key="k1"), 422, "invalid_request")
    assert server.post("/notifications", BODY, Idempotency_Key="k1").status_code == 202


def test_a_failure_of_ours_leaves_nothing(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("after the effect")

    with monkeypatch.context() as patched:
        patched.setattr("hub.api.once.remember", fail)
        problem_of(server.post("/notifications", BODY, Idempotency_Key="k1"), 500, "internal")
    assert not Notification.objects.exists()
    assert server.post("/notifications", BODY, Idempotency_Key="k1").status_code == 202


def test_keys_belong_to_their_caller(server: Api, stranger: Api, alice: Subscriber) -> None:
    server.post("/notifications", BODY, Idempotency_Key="k1")
    assert "Idempotent-Replayed" not in stranger.post("/notifications", BODY, Idempotency_Key="k1")
    sibling = Api(create_api_key(tenant=alice.tenant, name="second", scopes=["*"])[1])
    assert "Idempotent-Replayed" not in sibling.post("/notifications", BODY, Idempotency_Key="k1")
    assert Notification.objects.count() == 3


def test_a_key_is_forgotten_when_it_expires(server: Api) -> None:
    server.post("/notifications", BODY, Idempotency_Key="k1")
    Idempotency.objects.update(expires_at=F("expires_at") - timedelta(hours=25))
    assert "Idempotent-Replayed" not in server.post("/notifications", BODY, Idempotency_Key="k1")
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
def test_a_key_must_be_visible_ascii(server: Api, key: str) -> None:
    document = problem_of(server.post("/notifications", BODY, Idempotency_Key=key), 422, "invalid_request")
    assert fields_of(document) == {"Idempotency-Key"}


def test_a_secret_is_shown_once(server: Api) -> None:
    body = {"name": "ci", "scopes": ["*"]}
    first = server.post("/api-keys", body, Idempotency_Key="k1").json()
    again = server.post("/api-keys", body, Idempotency_Key="k1").json()
    assert again == first | {"key": None}
    token = server.post("/user-tokens", {"subscriber": "alice"}, Idempotency_Key="k2").json()["token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(response::text, '') FROM hub_idempotency")
        kept = cursor.fetchone()[0]
    assert first["key"] not in kept
    assert token not in kept
    assert ApiKey.objects.filter(name="ci").count() == 1


def test_a_users_writes_are_keyed_too(server: Api, as_alice: Api, as_bob: Api) -> None:
    server.put("/event-types/c", {"category": "comments"})
    body = {"changes": [{"category": "comments", "channel": "email", "enabled": False}]}
    assert as_alice.patch("/preferences", body, Idempotency_Key="k1").status_code == 200
    assert as_alice.patch("/preferences", body, Idempotency_Key="k1")["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in as_bob.patch("/preferences", body, Idempotency_Key="k1")


def test_an_answer_without_content_is_replayed(server: Api, alice: Subscriber) -> None:
    assert server.delete("/subscribers/alice", Idempotency_Key="k1").status_code == 204
    again = server.delete("/subscribers/alice", Idempotency_Key="k1")
    assert (again.status_code, again["Idempotent-Replayed"], again.content) == (204, "true", b"")


def test_two_at_once_are_one(server: Api, alice: Subscriber) -> None:
    def send(_: int) -> Any:
        try:
            return server.post("/notifications", BODY, Idempotency_Key="k1")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert Notification.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    for answer in answers:
        if answer.status_code == 409:
            problem_of(answer, 409, "idempotency_in_flight")
            assert answer["Retry-After"] == "1"


def test_in_flight_is_told(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request arrives while the first is still in its transaction."""
    inner: list[Any] = []

    def remember_late(*args: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            inner.append(pool.submit(second).result())
        remember(*args)

    def second() -> Any:
        try:
            return server.post("/notifications", BODY, Idempotency_Key="k1")
        finally:
            connection.close()

    from hub.api.once import remember

    monkeypatch.setattr("hub.api.once.remember", remember_late)
    assert server.post("/notifications", BODY, Idempotency_Key="k1").status_code == 202
    problem_of(inner[0], 409, "idempotency_in_flight")
    assert Notification.objects.count() == 1
