"""What a monitor is told of all tenants together, and nobody else."""

from collections.abc import Iterator

import pytest
from django.db.models.functions import Now
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key
from tests.api.client import Api, problem_of, rolled_back
from tests.support.deliveries import owe
from tests.support.webhooks import due_again, make_webhook, owe_event

pytestmark = rolled_back

TOKEN = "operator-" + "t" * 40


@pytest.fixture(autouse=True)
def _watched() -> Iterator[None]:
    with override_settings(HUB={"operator_token": TOKEN}):
        yield


def metrics(token: str = TOKEN) -> dict[tuple[str, ...], float]:
    """By the name and the labels' values."""
    answer = Api(token).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_dead_letters_by_channel_and_reason(alice: Subscriber, charlie: Subscriber) -> None:
    owe(alice)
    for subscriber, reason in ((alice, "permanent"), (charlie, "permanent"), (alice, "address_dead")):
        owe(subscriber, state="dead", reason=reason, finished_at=Now())
    dead = {key[1:]: value for key, value in metrics().items() if key[0] == "hub_dead_letters"}
    assert dead == {("email", "permanent"): 2, ("email", "address_dead"): 1}


def test_how_long_what_is_due_has_waited(alice: Subscriber) -> None:
    assert metrics() == {("hub_webhook_overdue_seconds",): 0}
    owe(alice)
    Delivery.objects.update(due_at=alice.created_at.replace(year=2020))
    owe_event(make_webhook(alice.tenant))
    due_again()
    late = metrics()
    assert late["hub_delivery_overdue_seconds", "email", "high"] > 365 * 24 * 3600
    assert late["hub_webhook_overdue_seconds",] > 0


def test_nobody_but_the_operator(tenant: Tenant) -> None:
    key = create_api_key(tenant=tenant, name="all", scopes=["*"])[1]
    problem_of(Api("").get("/metrics"), 401, "unauthorised")
    problem_of(Api(key).get("/metrics"), 403, "forbidden")
    problem_of(Api("nobody").get("/metrics"), 401, "operator_token_unknown")
