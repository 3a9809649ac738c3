"""A sandbox puts its clock forward, and what waits for an instant comes; nobody else's time moves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from hub.clock import now
from hub.exceptions import InvalidRequest
from hub.fallback.handover import hand_on
from hub.fallback.models import Delivery
from hub.fallback.recovery import recover
from hub.fallback.selectors import due_lanes
from hub.fallback.services import replay
from hub.inbox import sweeps
from hub.inbox.services import mark
from hub.notifications import fan_out
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key, set_clock
from tests.api.client import Api, problem_of
from tests.support.deliveries import owe, take
from tests.support.factories import counts, item_of, make_subscriber, make_tenant, send

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


@pytest.fixture
def sandbox(transactional_db: None) -> Tenant:
    return make_tenant("sandbox", sandbox=True)


@pytest.fixture
def people(sandbox: Tenant, tenant: Tenant) -> list[Any]:
    """One of the sandbox, one of a tenant in real time."""
    return [make_subscriber(owner, "pat", email="pat@example.com") for owner in (sandbox, tenant)]


def test_what_is_scheduled_goes_out(sandbox: Tenant, people: list[Any]) -> None:
    for one in people:
        send(one.tenant, "pat", send_at=now() + HALF)
    assert fan_out.sweep() == 0
    set_clock(tenant=sandbox, offset=HOUR)
    assert fan_out.sweep() == 1
    assert [counts(one.id) for one in people] == [(1, 1), (0, 0)]


def test_what_is_snoozed_wakes(sandbox: Tenant, people: list[Any]) -> None:
    for one in people:
        item = item_of(send(one.tenant, "pat"), one)
        request = {"op": "snooze", "ids": [str(item.id)], "until": (now() + HALF).isoformat()}
        mark(subscriber_id=one.id, request=request, origin="test")
    assert sweeps.wake_snoozed() == 0
    set_clock(tenant=sandbox, offset=HOUR)
    assert sweeps.wake_snoozed() == 1
    assert [counts(one.id) for one in people] == [(1, 1), (0, 0)]
    with pytest.raises(InvalidRequest):
        mark(subscriber_id=people[0].id, request=request, origin="test")


def test_what_is_to_expire_expires(sandbox: Tenant, people: list[Any]) -> None:
    for one in people:
        send(one.tenant, "pat", expires_at=now() + HALF)
    assert sweeps.expire() == 0
    set_clock(tenant=sandbox, offset=HOUR)
    assert sweeps.expire() == 1
    assert [counts(one.id) for one in people] == [(0, 0), (1, 1)]


def test_a_step_of_the_ladder_becomes_due(sandbox: Tenant, people: list[Any]) -> None:
    for one in people:
        send(one.tenant, "pat")
    Delivery.objects.filter(channel="email").update(due_at=now() + HALF)
    assert due_lanes() == []
    assert take().taken == 0
    set_clock(tenant=sandbox, offset=HOUR)
    assert [(due.channel, due.lane) for due in due_lanes()] == [("email", "high")]
    assert [work.tenant for work in take().works] == ["sandbox"]


def test_what_is_asked_for_is_told_by_the_same_clock(sandbox: Tenant, people: list[Any]) -> None:
    set_clock(tenant=sandbox, offset=HOUR)
    assert send(sandbox, "pat", send_at=now() + HALF).status == "accepted"
    with pytest.raises(InvalidRequest):
        send(sandbox, "pat", expires_at=now() + HALF)
    later = send(sandbox, "pat", send_at=now() + HOUR + HALF)
    assert later.status == "scheduled"
    assert fan_out.sweep() == 0


def test_what_is_due_at_once_is_due_by_that_clock(sandbox: Tenant, people: list[Any]) -> None:
    """Sent again, handed on by a step without an address, given back by a worker that is gone."""
    set_clock(tenant=sandbox, offset=HOUR)
    pat, other = people
    dead = owe(pat, state="dead", reason="permanent")
    assert replay(tenant=sandbox, delivery_ids=[dead.pk]) == 1
    step = owe(pat, state="skipped", reason="no_destination")
    owe(pat, step.item, channel="sms", step=1, due_at=now(sandbox.pk) + HOUR)
    assert hand_on([step.pk]) == 1
    for one in people:
        owe(one, state="claimed", lease_until=now() - HOUR)
    assert recover() == 2
    waiting = Delivery.objects.filter(state="waiting")
    ahead = [row.due_at - now() for row in waiting.filter(tenant=sandbox)]
    assert len(ahead) == 3
    assert all(timedelta(minutes=59) < by <= HOUR for by in ahead)
    assert waiting.get(tenant=other.tenant).due_at <= now()


def test_only_a_sandbox_has_a_clock(sandbox: Tenant, tenant: Tenant) -> None:
    def server(owner: Tenant, *scopes: str) -> Api:
        return Api(create_api_key(tenant=owner, name="test", scopes=scopes)[1])

    own = server(sandbox, "tenant:*")
    answer = own.put("/tenants/sandbox/clock", {"offset": 3600}).json()
    assert (answer["offset"], answer["sandbox"]) == (3600, True)
    assert now(sandbox.pk) - now(tenant.pk) > timedelta(minutes=59)
    assert own.get("/tenants/sandbox/clock").json()["offset"] == 3600
    problem_of(own.put("/tenants/sandbox/clock", {"offset": -1}), 422, "invalid_request")
    problem_of(own.put("/tenants/acme/clock", {"offset": 1}), 404, "not_found")
    problem_of(server(tenant, "*").put("/tenants/acme/clock", {"offset": 1}), 409, "conflict")
    problem_of(server(sandbox, "tenant:read").put("/tenants/sandbox/clock", {"offset": 1}), 403, "forbidden")
    assert own.put("/tenants/sandbox/clock", {"offset": 0}).json()["offset"] == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(clock_offset=HOUR)
