"""Subscribers are made on first use, once, however many ask at the same time."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection

from hub.audience.models import Stream, Subscriber
from hub.audience.services import ensure_address, ensure_subscribers, upsert_subscriber
from hub.audience.users import subscriber_of_user
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant
from tests.support.factories import make_tenant


def test_each_is_made_once_with_a_stream(tenant: Tenant, alice: Subscriber) -> None:
    ids = ensure_subscribers(tenant=tenant, external_ids=["alice", "new", "new", "other"])
    assert ids["alice"] == alice.pk
    assert ids == ensure_subscribers(tenant=tenant, external_ids=["other", "new", "alice"])
    assert Stream.objects.filter(tenant=tenant).count() == 3


def test_two_callers_at_once_agree(tenant: Tenant) -> None:
    names = [f"user-{n}" for n in range(200)]

    def ensure(turn: int) -> dict[str, UUID]:
        try:
            return ensure_subscribers(tenant=tenant, external_ids=names if turn % 2 else names[::-1])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ensure, range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert Subscriber.objects.count() == Stream.objects.count() == len(names)


def test_an_address_is_one_subscriber(tenant: Tenant) -> None:
    made = ensure_address(tenant=tenant, email="Al@Example.COM")
    assert (made.external_id, made.email, made.bare) == ("mailto:Al@example.com", "Al@example.com", True)
    assert ensure_address(tenant=tenant, email="Al@example.com") == made
    assert ensure_address(tenant=make_tenant("other"), email="Al@example.com") != made
    assert ensure_address(tenant=tenant, phone="+49 30 123-456").external_id == "tel:+4930123456"
    longest = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    assert ensure_address(tenant=tenant, email=longest) == ensure_address(tenant=tenant, email=longest)


@pytest.mark.parametrize("fields", [{}, {"email": "a@example.com", "phone": "+4930123456"}, {"email": "a@b\r\nX: y"}])
def test_a_wrong_address_is_refused(tenant: Tenant, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        ensure_address(tenant=tenant, **fields)


def test_who_is_named_is_no_bare_address(tenant: Tenant) -> None:
    made = ensure_address(tenant=tenant, email="al@example.com")
    named = upsert_subscriber(tenant=tenant, external_id=made.external_id, name="Al")
    assert (named.pk, named.bare, named.email) == (made.pk, False, "al@example.com")


def test_a_django_user_is_one_subscriber_a_tenant(tenant: Tenant) -> None:
    user = User.objects.create_user("al")
    assert subscriber_of_user(user) is None
    mine = upsert_subscriber(tenant=tenant, external_id="al", user=user)
    assert subscriber_of_user(user) == mine
    other = upsert_subscriber(tenant=make_tenant("other"), external_id="al", user=user)
    with pytest.raises(InvalidRequest, match="several tenants"):
        subscriber_of_user(user)
    assert subscriber_of_user(user, "other") == other


def test_more_than_a_statement_takes_are_made_in_several(tenant: Tenant) -> None:
    names = [f"user-{number}" for number in range(6_000)]
    assert ensure_subscribers(tenant=tenant, external_ids=names).keys() == set(names)
    assert Stream.objects.filter(tenant=tenant).count() == len(names)
