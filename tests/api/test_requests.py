"""Whatever comes in, the answer is JSON with a request id, and names what was wrong; never a 500."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client, override_settings
from django.urls import resolve
from django.utils import timezone

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.tenancy.models import Tenant
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.support.deliveries import owe

pytestmark = rolled_back

DEEP = b'{"to": "alice", "title": "x", "data": {"a": ' + b"[" * 70 + b"]" * 70 + b"}}"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "invalid_request"),
        (b"{", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b'{"to": NaN}', 400, "malformed"),
        (b'{"to": 1e400}', 400, "malformed"),
        (b'{"to": "\\ud800"}', 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b"null", 400, "malformed"),
        (b'"text"', 400, "malformed"),
        (b'"\\u0000"', 400, "malformed"),
        (b"[" * 5000, 400, "malformed"),
        (DEEP, 422, "invalid_request"),
    ],
)
def test_refuses_a_body_that_is_no_request(server: Api, raw: bytes, status: int, code: str) -> None:
    problem_of(server.call("POST", "/notifications", raw), status, code)


def test_names_the_field_that_is_nested_too_deep(server: Api) -> None:
    assert fields_of(problem_of(server.call("POST", "/notifications", DEEP), 422, "invalid_request")) == {"data"}


def test_too_many_parameters_are_no_failure_of_the_hub(server: Api) -> None:
    problem_of(server.get("/topics?" + "limit=1&" * 2_000), 400, "malformed")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z"])
def test_an_instant_that_is_out_of_range_in_utc_is_refused(server: Api, moment: str) -> None:
    answer = server.get(f"/deliveries?since={quote(moment)}")
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {"since"}
    assert fields_of(problem_of(server.post("/dead-letters/replay", {"since": moment}), 422, "invalid_request")) == {
        "since"
    }


@pytest.mark.parametrize("path", ["/deliveries", "/dead-letters", "/notifications"])
def test_any_instant_may_be_asked_for(server: Api, alice: Subscriber, path: str) -> None:
    """Ids begin with the time: of one that is before any id, or after all, there is none."""
    owe(alice, state=Delivery.State.DEAD, reason="permanent", due_at=timezone.now())
    for first, last, there in (("0001", "9999", 1), ("1969", "2000", 0), ("9999", "9999", 0)):
        asked = f"{path}?since={first}-01-01T00:00:00Z&until={last}-12-31T23:59:59Z"
        assert len(server.get(asked).json()["items"]) == there, asked


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": "alice", "title": "a\x00b"}, "title"),
        ({"to": "alice", "title": "x", "data": {"deep": [{"a": "\x00"}]}}, "data.deep.0.a"),
        ({"to": "alice", "title": "x", "data": {"k\x00": 1}}, "data.k\\u0000"),
        ({"to": "al\x00ice", "title": "x"}, "to"),
        ({"to": "alice", "title": "x", "tags": ["\x00"]}, "tags.0"),
        ({"to": "alice", "title": "x", "group_key": "\x00"}, "group_key"),
    ],
)
def test_names_where_a_nul_character_is(server: Api, body: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(server.post("/notifications", body), 422, "invalid_request"))


def test_a_backslash_is_not_a_nul(server: Api, alice: Subscriber) -> None:
    assert server.post("/notifications", {"to": "alice", "title": "\\u0000"}).status_code == 202


@pytest.mark.parametrize("path", ["/notifications?event=%00", "/subscribers/a%00b", "/notifications?limit=%00"])
def test_a_nul_in_the_address_is_refused(server: Api, path: str) -> None:
    problem_of(server.get(path), 422, "invalid_request")


def test_a_big_body_is_refused(server: Api) -> None:
    with override_settings(HUB={"max_body": 1_000}):
        problem_of(server.call("POST", "/notifications", b'{"a":"' + b"x" * 1_000 + b'"}'), 413, "too_large")


@pytest.mark.parametrize("path", ["/nothing", "/notifications/", "/notifications/not-an-id", "/inbox/1", "/"])
def test_an_unknown_address_is_a_problem(server: Api, path: str) -> None:
    problem_of(server.get(path), 404, "not_found")


def test_the_method_must_fit(server: Api) -> None:
    answer = server.delete("/notifications")
    problem_of(answer, 405, "method_not_allowed")
    problem_of(server.call("TRACE", "/notifications"), 405, "method_not_allowed")


def test_the_body_must_be_json(server: Api) -> None:
    answer = server.client.post(
        "/api/v1/notifications", {"to": "alice"}, headers={"Authorization": f"Bearer {server.credential}"}
    )
    problem_of(answer, 415, "unsupported_media_type")


def test_any_accept_header_gets_json(server: Api) -> None:
    assert server.get("/notifications", Accept="text/html").json() == {"items": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%F0%9F", "colour=red"])
def test_a_query_string_is_checked(server: Api, query: str) -> None:
    document = problem_of(server.get(f"/notifications?{query}"), 422, "invalid_request")
    assert fields_of(document) == {query.partition("=")[0]}


def test_the_request_id_comes_back(server: Api) -> None:
    assert server.get("/notifications", X_Request_Id="abc-123")["X-Request-Id"] == "abc-123"
    assert problem_of(server.get("/nothing", X_Request_Id="abc-123"), 404, "not_found")["request_id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "é", "<script>"])
def test_a_strange_request_id_is_replaced(server: Api, given: str) -> None:
    made = server.get("/notifications", X_Request_Id=given)["X-Request-Id"]
    assert made != given
    assert len(made) == 32


def test_our_own_failure_is_hidden_and_logged(
    server: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("hub.notifications.api.notify", fail)
    document = problem_of(server.post("/notifications", {"to": "alice", "title": "x"}), 500, "internal")
    assert "secret" not in str(document)
    assert document["request_id"] in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("path", ["/api/nothing", "/api/v2/notifications"])
def test_djangos_own_pages_are_problems_below_api(path: str) -> None:
    problem_of(Client().get(path), 404, "not_found")


@pytest.mark.parametrize("host", ["evil.example", "a b", "\x01", "[::1", "127.0.0.1:x", "127.0.0.1,evil.example"])
def test_a_strange_host_is_a_problem_and_a_line_of_the_log(host: str, caplog: pytest.LogCaptureFixture) -> None:
    """Anybody can send one: no traceback for it."""
    document = problem_of(Client().get("/api/v1/inbox", headers={"Host": host}), 400, "malformed")
    assert "Host" in document["detail"]
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
    for path in ("/health", "/"):
        problem_of(Client().get(path, headers={"Host": host}), 400, "malformed")


def test_outside_the_api_django_answers() -> None:
    assert "text/html" in Client().get("/nothing")["Content-Type"]


def test_health(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = Client()
    assert probe.get("/livez").json() == {"status": "ok"}
    assert probe.get("/readyz").json() == {"status": "ok", "degraded": False}
    assert probe.get("/health").json()["checks"] == {"database": "ok", "migrations": "ok", "redis": "ok"}
    monkeypatch.setattr("hub.api.health._redis", lambda: False)
    degraded = probe.get("/readyz")
    assert (degraded.status_code, degraded.json()) == (200, {"status": "ok", "degraded": True})
    monkeypatch.setattr("hub.api.health._database", lambda: False)
    assert probe.get("/readyz").status_code == 503
    assert probe.get("/livez").status_code == 200


def test_atomic_requests_of_a_host_hold_no_commit_back() -> None:
    """What is told after a commit must be committed: Django leaves out views that say so."""
    route = resolve("/api/v1/inbox/mark")
    assert "default" in route.func._non_atomic_requests  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [1e30, -1e300, 9.3e18])
def test_a_number_that_nobody_could_be_shown_again_is_refused(server: Api, number: float) -> None:
    """PostgreSQL writes 1e30 out, as an integer of 31 digits."""
    problem = server.post("/notifications", {"to": "alice", "title": "x", "data": {"a": [number]}})
    assert fields_of(problem_of(problem, 422, "invalid_request")) == {"data.a.0"}
    template = {"key": "big", "title": "x", "schema": {"type": "object", "properties": {"a": {"const": number}}}}
    refused = problem_of(server.post("/templates", template), 422, "invalid_request")
    assert "schema.properties.a.const" in fields_of(refused)


def test_other_numbers_are_shown_as_they_are(server: Api) -> None:
    data = {"a": 1e18, "b": 1e-30, "c": "1e30", "d": 2**53, "e": -0.5}
    sent = server.post("/notifications", {"to": "alice", "title": "x", "data": data})
    assert server.get(f"/notifications/{sent.json()['id']}").json()["data"] == data
