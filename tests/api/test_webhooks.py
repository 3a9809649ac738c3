"""Webhooks over REST: made, changed, tried, rotated, redelivered, deleted; nobody else's exist."""

import uuid
from typing import Any

import pytest
from django.db import connection

from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key
from hub.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from hub.webhooks.services import MAX_WEBHOOKS
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.support.webhooks import make_webhook, owe_event

SNS = {
    "topic_arn": "arn:aws:sns:eu-west-1:123456789012:events",
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/EXAMPLE",
}
BODY = {"url": "https://hooks.example.com/hub?key=1", "events": ["item.*"], "description": "Ours"}


@rolled_back
def test_a_webhook_is_made_and_its_secret_shown_once(server: Api) -> None:
    made = server.post("/webhooks", BODY, Idempotency_Key="k")
    assert made.status_code == 201, made.content
    webhook = made.json()
    assert webhook["secret"].startswith("whsec_")
    assert {name: webhook[name] for name in BODY} == BODY
    assert webhook["enabled"] is True
    assert server.post("/webhooks", BODY, Idempotency_Key="k").json() == webhook | {"secret": None}
    shown = server.get(f"/webhooks/{webhook['id']}")
    assert shown.json() == {name: value for name, value in webhook.items() if name != "secret"}
    assert webhook["secret"] not in (shown.content + server.get("/webhooks").content).decode()


@rolled_back
def test_the_database_never_sees_a_secret(server: Api) -> None:
    secret = server.post("/webhooks", BODY).json()["secret"]
    rotated = server.post(f"/webhooks/{Webhook.objects.get().pk}/rotate", {}).json()["secret"]
    with connection.cursor() as db:
        db.execute("SELECT secret || previous_secret FROM hub_webhook")
        kept = db.fetchone()[0]
    assert secret not in kept
    assert rotated not in kept
    assert (Webhook.objects.get().secret, Webhook.objects.get().previous_secret) == (rotated, secret)


@rolled_back
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://hooks.example.com"}, "url"),
        ({"url": "https://user:password@hooks.example.com"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "https://0177.0.0.1/"}, "url"),
        ({"url": "https://hooks.example.com/" + "x" * 2_000}, "url"),
        ({"url": 1}, "url"),
        ({"url": ""}, "url"),
        ({"events": []}, "events"),
        ({"events": ["item.eaten"]}, "events"),
        ({"events": ["nothing.*"]}, "events"),
        ({"events": ["item.read\x00"]}, ""),
        ({"events": ["*"] * 51}, "events"),
        ({"events": [1]}, "events"),
        ({"events": None}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"description": "a\nb"}, "description"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, changes: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(server.post("/webhooks", BODY | changes), 422, "invalid_request")) or not field
    assert not Webhook.objects.exists()


@rolled_back
def test_a_topic_is_made_and_its_keys_never_shown(server: Api) -> None:
    made = server.post("/webhooks", {"sns": SNS, "events": ["*"]})
    assert made.status_code == 201, made.content
    webhook = made.json()
    assert webhook["url"] == "https://sns.eu-west-1.amazonaws.com/"
    assert webhook["sns"] == {name: SNS[name] for name in ("topic_arn", "access_key_id")}
    address = f"/webhooks/{webhook['id']}"
    changed = server.patch(
        address, {"sns": SNS | {"secret_access_key": "another-secret", "endpoint": "https://vpce.example.com/"}}
    )
    assert changed.json()["url"] == "https://vpce.example.com/"
    assert Webhook.objects.get().secret_access_key == "another-secret"
    assert "secret_access_key" not in (made.content + changed.content + server.get(address).content).decode()
    with connection.cursor() as db:
        db.execute("SELECT secret_access_key FROM hub_webhook")
        assert "another-secret" not in db.fetchone()[0]
    assert "url" in fields_of(problem_of(server.patch(address, {"url": BODY["url"]}), 422, "invalid_request"))


@rolled_back
@pytest.mark.parametrize(
    ("sns", "field"),
    [
        ({"topic_arn": "arn:aws:sns:eu-west-1:123456789012:events.fifo"}, "sns.topic_arn"),
        ({"topic_arn": "arn:aws:sqs:eu-west-1:123456789012:events"}, "sns.topic_arn"),
        ({"topic_arn": "arn:aws:sns:evil.example/-1:123456789012:events"}, "sns.topic_arn"),
        ({"topic_arn": None}, "sns.topic_arn"),
        ({"access_key_id": "a\r\nHost: x"}, "sns.access_key_id"),
        ({"secret_access_key": 1}, "sns.secret_access_key"),
        ({"endpoint": "https://169.254.169.254/"}, "sns.endpoint"),
        ({"endpoint": "http://127.0.0.1:4566/"}, "sns.endpoint"),
        ({"endpoint": 1}, "sns.endpoint"),
        ({"region": "eu-west-1"}, "sns.region"),
    ],
)
def test_names_what_is_wrong_with_a_topic(server: Api, sns: dict[str, Any], field: str) -> None:
    answer = server.post("/webhooks", {"sns": SNS | sns, "events": ["*"]})
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {field}


@rolled_back
def test_it_is_a_url_or_a_topic_for_good(server: Api) -> None:
    for body in (BODY | {"sns": SNS}, {"events": ["*"]}):
        assert fields_of(problem_of(server.post("/webhooks", body), 422, "invalid_request")) == {"url"}
    address = f"/webhooks/{server.post('/webhooks', BODY).json()['id']}"
    assert fields_of(problem_of(server.patch(address, {"sns": SNS}), 422, "invalid_request")) == {"sns"}


@rolled_back
def test_a_change_is_checked_too_and_leaves_what_it_does_not_name(server: Api) -> None:
    webhook = server.post("/webhooks", BODY).json()
    address = f"/webhooks/{webhook['id']}"
    assert "url" in fields_of(problem_of(server.patch(address, {"url": "https://10.0.0.1/"}), 422, "invalid_request"))
    assert "url" in fields_of(problem_of(server.patch(address, {"url": ""}), 422, "invalid_request"))
    assert "events" in fields_of(problem_of(server.patch(address, {"events": []}), 422, "invalid_request"))
    changed = server.patch(address, {"events": ["*"]}).json()
    assert changed == {name: value for name, value in webhook.items() if name != "secret"} | {"events": ["*"]}


@rolled_back
def test_disabled_and_enabled(server: Api, tenant: Tenant) -> None:
    webhook = make_webhook(tenant)
    address = f"/webhooks/{webhook.pk}"
    disabled = server.patch(address, {"enabled": False}).json()
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "operator")
    assert server.patch(address, {"enabled": False}).json() == disabled
    problem_of(server.post(f"{address}/test", {}), 409, "conflict")
    problem_of(server.post(f"{address}/redeliver", {"since": "2026-01-01T00:00:00Z"}), 409, "conflict")
    Webhook.objects.update(failures=9, failing_since=webhook.created_at)
    enabled = server.patch(address, {"enabled": True}).json()
    assert (enabled["enabled"], enabled["failures"], enabled["failing_since"]) == (True, 0, None)


@rolled_back
def test_a_tenant_has_few_webhooks(server: Api, tenant: Tenant) -> None:
    made = [make_webhook(tenant) for _ in range(MAX_WEBHOOKS)]
    problem_of(server.post("/webhooks", BODY), 409, "conflict")
    assert server.delete(f"/webhooks/{made[0].pk}").status_code == 204
    assert server.post("/webhooks", BODY).status_code == 201


@rolled_back
def test_what_is_deleted_is_not_there(server: Api, tenant: Tenant) -> None:
    webhook = make_webhook(tenant)
    address = f"/webhooks/{webhook.pk}"
    server.delete(address)
    problem_of(server.get(address), 404, "not_found")
    problem_of(server.delete(address), 404, "not_found")
    problem_of(server.get(f"{address}/deliveries"), 404, "not_found")
    problem_of(server.patch(address, {"enabled": True}), 404, "not_found")
    assert server.get("/webhooks").json()["items"] == []


@rolled_back
def test_a_test_is_owed_whatever_it_subscribes_to(server: Api, tenant: Tenant) -> None:
    webhook = make_webhook(tenant, "item.read")
    owed = server.post(f"/webhooks/{webhook.pk}/test", {})
    assert owed.status_code == 202
    assert (owed.json()["type"], owed.json()["state"]) == ("webhook.test", "waiting")
    assert server.get(f"/webhooks/{webhook.pk}/deliveries").json()["items"] == [owed.json()]


@rolled_back
def test_deliveries_by_state_and_one_with_its_attempts(server: Api, tenant: Tenant) -> None:
    webhook = make_webhook(tenant)
    dead, waiting = owe_event(webhook, state="dead", reason="gone"), owe_event(webhook)
    WebhookAttempt.objects.create(tenant=tenant, delivery=dead, fence=2, status=410, answer="Gone")
    WebhookAttempt.objects.create(tenant=tenant, delivery=dead, fence=1, status=None, answer="No answer")
    address = f"/webhooks/{webhook.pk}/deliveries"
    assert [row["id"] for row in server.get(address).json()["items"]] == [str(waiting.pk), str(dead.pk)]
    assert [row["id"] for row in server.get(f"{address}?state=dead").json()["items"]] == [str(dead.pk)]
    shown = server.get(f"{address}/{dead.pk}").json()
    assert [(one["status"], one["answer"]) for one in shown["attempts"]] == [(None, "No answer"), (410, "Gone")]
    problem_of(server.get(f"{address}?state=lost"), 422, "invalid_request")


@rolled_back
def test_redelivered_are_those_that_are_named_or_the_dead(server: Api, tenant: Tenant) -> None:
    webhook, other = make_webhook(tenant), make_webhook(tenant)
    dead = owe_event(webhook, state="dead", reason="retries_exhausted", attempts=10)
    delivered, waiting = owe_event(webhook, state="delivered"), owe_event(webhook, attempts=3)
    elsewhere = owe_event(other, state="dead")
    address = f"/webhooks/{webhook.pk}/redeliver"
    everything = [str(one.pk) for one in (delivered, waiting, elsewhere)]
    assert server.post(address, {"deliveries": everything}).json() == {"redelivered": 1}
    assert server.post(address, {"since": "2026-01-01T00:00:00Z"}).json() == {"redelivered": 1}
    for one in (dead, delivered, waiting, elsewhere):
        one.refresh_from_db()
    assert [(one.state, one.attempts) for one in (dead, delivered, waiting)] == [("waiting", 0)] * 2 + [("waiting", 3)]
    assert elsewhere.state == "dead"


@rolled_back
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"deliveries": []},
        {"deliveries": ["x"]},
        {"deliveries": [str(uuid.uuid4())], "since": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_to_redeliver_has_to_be_said(server: Api, tenant: Tenant, body: dict[str, Any]) -> None:
    problem = problem_of(server.post(f"/webhooks/{make_webhook(tenant).pk}/redeliver", body), 422, "invalid_request")
    assert "deliveries" in fields_of(problem)


@rolled_back
def test_a_strangers_webhook_does_not_exist(stranger: Api, tenant: Tenant) -> None:
    webhook = make_webhook(tenant)
    owed = owe_event(webhook, state="dead")
    address = f"/webhooks/{webhook.pk}"
    for answer in (
        stranger.get(address),
        stranger.patch(address, {"enabled": False}),
        stranger.delete(address),
        stranger.post(f"{address}/rotate", {}),
        stranger.post(f"{address}/test", {}),
        stranger.post(f"{address}/redeliver", {"deliveries": [str(owed.pk)]}),
        stranger.get(f"{address}/deliveries"),
        stranger.get(f"{address}/deliveries/{owed.pk}"),
    ):
        problem_of(answer, 404, "not_found")
    assert stranger.get("/webhooks").json()["items"] == []
    webhook.refresh_from_db()
    assert webhook.previous_secret is None
    assert WebhookDelivery.objects.get().state == "dead"


@rolled_back
def test_a_delivery_is_looked_for_at_its_own_webhook(server: Api, tenant: Tenant) -> None:
    owed = owe_event(make_webhook(tenant))
    problem_of(server.get(f"/webhooks/{make_webhook(tenant).pk}/deliveries/{owed.pk}"), 404, "not_found")


@rolled_back
def test_it_takes_the_scope(tenant: Tenant) -> None:
    reader = Api(create_api_key(tenant=tenant, name="n", scopes=["webhooks:read"])[1])
    assert reader.get("/webhooks").status_code == 200
    problem_of(reader.post("/webhooks", BODY), 403, "forbidden")
