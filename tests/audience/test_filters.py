"""A filter chooses exactly those it says, whatever they lack, and never runs what is in its values."""

from typing import Any

import pytest
from django.db import connection

from hub.audience.filters import compiled
from hub.audience.models import Subscriber
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant
from tests.support.factories import make_subscriber

pytestmark = pytest.mark.django_db

PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"locale": "de", "attributes": {"plan": "pro", "seats": 12, "beta": True, "roles": ["admin", "dev"]}},
    "bea": {"locale": "fr", "attributes": {"plan": "free", "seats": 3, "company": {"country": "DE"}}},
    "cem": {"email": "cem@example.com", "attributes": {"plan": "team", "seats": "many", "since": "2026-03-01"}},
    "dan": {"name": "Dan"},
}


@pytest.fixture
def people(tenant: Tenant) -> list[Subscriber]:
    return [make_subscriber(tenant, name, **fields) for name, fields in PEOPLE.items()]


def chosen(value: Any) -> str:
    where = compiled(value)
    with connection.cursor() as db:
        db.execute(f"SELECT external_id FROM hub_subscriber s WHERE {where.sql} ORDER BY 1", where.arguments)
        return " ".join(row[0] for row in db.fetchall())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"attributes.plan": "pro"}, "ann"),
        ({"attributes.plan": {"ne": "pro"}}, "bea cem dan"),
        ({"attributes.plan": {"in": ["pro", "team"]}}, "ann cem"),
        ({"attributes.seats": {"gte": 3}}, "ann bea"),
        ({"attributes.seats": {"gt": 3, "lt": 100}}, "ann"),
        ({"attributes.seats": 12.0}, "ann"),
        ({"attributes.seats": {"gt": "a"}}, "cem"),
        ({"attributes.since": {"lt": "2026-04-01"}}, "cem"),
        ({"attributes.beta": True}, "ann"),
        ({"attributes.beta": {"exists": True}}, "ann"),
        ({"attributes.beta": {"exists": False}}, "bea cem dan"),
        ({"attributes.roles": {"contains": "dev"}}, "ann"),
        ({"attributes.plan": {"contains": "pro"}}, ""),
        ({"attributes.company.country": "DE"}, "bea"),
        ({"attributes.company": {"exists": True}}, "bea"),
        ({"locale": "de"}, "ann"),
        ({"locale": {"exists": False}}, "cem dan"),
        ({"locale": {"in": ["de", "fr"]}, "attributes.seats": {"lt": 10}}, "bea"),
        ({"email": {"exists": True}}, "cem"),
        ({"name": {"gte": "A"}}, "dan"),
        ({"or": [{"locale": "de"}, {"name": "Dan"}]}, "ann dan"),
        ({"and": [{"locale": {"exists": True}}, {"not": {"locale": "de"}}]}, "bea"),
        ({"not": {"attributes.plan": "pro"}}, "bea cem dan"),
        ({"not": {"attributes.seats": {"gt": 5}}}, "bea cem dan"),
        ({"created_at": {"gt": "2020-01-01T00:00:00Z"}}, "ann bea cem dan"),
        ({"created_at": {"lt": "2020-01-01T00:00:00+01:00"}}, ""),
        ({"attributes.plan": "' OR true --"}, ""),
        ({"attributes.plan' = '1' OR '1": {"exists": True}}, ""),
        ({"attributes.%s": "%s"}, ""),
        ({"name": "%(x)s; DROP TABLE hub_subscriber"}, ""),
    ],
)
def test_chooses(people: list[Subscriber], value: Any, expected: str) -> None:
    assert chosen(value) == expected


NESTED: dict[str, Any] = {"name": "x"}
for _ in range(6):
    NESTED = {"not": NESTED}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "filter"),
        ({}, "filter"),
        ([], "filter"),
        ({"plan": "pro"}, "filter.plan"),
        ({"attributes": {"exists": True}}, "filter.attributes"),
        ({"attributes.": 1}, "filter.attributes."),
        ({"attributes.a.b.c.d.e.f": 1}, "filter.attributes.a.b.c.d.e.f"),
        ({"attributes.plan": None}, "filter.attributes.plan"),
        ({"attributes.plan": {}}, "filter.attributes.plan"),
        ({"attributes.plan": {"like": "p"}}, "filter.attributes.plan.like"),
        ({"attributes.plan": {"in": "pro"}}, "filter.attributes.plan.in"),
        ({"attributes.plan": {"in": []}}, "filter.attributes.plan.in"),
        ({"attributes.plan": {"in": ["a", None]}}, "filter.attributes.plan.in.1"),
        ({"attributes.plan": {"in": ["x"] * 501}}, "filter.attributes.plan.in"),
        ({"attributes.seats": {"gt": True}}, "filter.attributes.seats.gt"),
        ({"attributes.plan": {"exists": 1}}, "filter.attributes.plan.exists"),
        ({"attributes.plan": "x" * 501}, "filter.attributes.plan"),
        ({"attributes.plan": "a\x00b"}, "filter.attributes.plan"),
        ({"locale": 1}, "filter.locale"),
        ({"locale": {"contains": "d"}}, "filter.locale.contains"),
        ({"created_at": "2026-01-01"}, "filter.created_at"),
        ({"created_at": {"gt": "2026-01-01"}}, "filter.created_at.gt"),
        ({"or": {}}, "filter.or"),
        ({"or": [{"name": "x"}, {"shoe": 1}]}, "filter.or.1.shoe"),
        (NESTED, "filter.not.not.not.not.not.not"),
        ({"or": [{"name": "x"}] * 51}, "filter.or.50.name"),
    ],
)
def test_what_is_wrong_is_named(value: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        compiled(value)
    assert [error.field for error in caught.value.errors] == [field]
