"""What a notification says: given or from the template, cut down to what is safe, the same for everybody."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from hub.content.render import render
from hub.content.services import event_type, upsert_event_type
from hub.exceptions import InvalidRequest, NotFound
from hub.tenancy.models import Tenant


def test_what_is_given_goes_out_as_it_is() -> None:
    content = render(event_type=None, title=" Hello\n{{ x }} ", body="a\nb", action_url="/x", data={"n": 1})
    assert content == {
        "title": "Hello {{ x }}",
        "body": "a\nb",
        "html": "",
        "data": {"n": 1},
        "actor": None,
        "action_url": "/x",
        "actions": [],
    }


def test_what_is_given_comes_before_the_template(tenant: Tenant) -> None:
    template = {
        "title": "{{ tenant.name }}: {{ data.x }}",
        "html": "<i>{{ data.x }}</i>",
        "action_url": "/{{ data.x }}",
    }
    upsert_event_type(tenant=tenant, key="a", template=template)
    found = event_type(tenant=tenant, key="a")
    content = render(event_type=found, data={"x": "<b>"})
    assert content["title"] == "Acme: <b>"
    assert content["html"] == "<i>&lt;b&gt;</i>"
    assert content["body"] == "<b>"
    assert render(event_type=found, title="Mine", data={"x": "y"})["title"] == "Mine"


def test_a_template_cannot_make_an_unsafe_link(tenant: Tenant) -> None:
    upsert_event_type(tenant=tenant, key="a", template={"title": "x", "action_url": "{{ data.url }}"})
    with pytest.raises(InvalidRequest, match="action_url"):
        render(event_type=event_type(tenant=tenant, key="a"), data={"url": "javascript:alert(1)"})


def test_values_of_python_become_json() -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    content = render(event_type=None, title="x", data={"at": when, "id": UUID(int=1)})
    assert content["data"] == {"at": "2030-01-01T00:00:00+00:00", "id": "00000000-0000-0000-0000-000000000001"}


@pytest.mark.parametrize(
    "data", [{"a": Decimal(1)}, {1: 2}, {"a": object()}, {"a": 2**70}, {"a": "\x00"}, {"a": "\ud800"}, "text"]
)
def test_what_is_no_json_is_refused(data: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        render(event_type=None, title="x", data=data)  # type: ignore[arg-type]
    assert refused.value.errors[0].field.startswith("data")


def test_actions_and_actor_are_checked() -> None:
    content = render(
        event_type=None,
        title="x",
        actions=[{"key": "ok", "label": "OK", "url": "https://example.com"}, {"key": "no", "label": "No"}],
        actor={"id": "7", "name": "Bob", "avatar_url": "https://example.com/b.png"},
    )
    assert content["actions"][1] == {"key": "no", "label": "No"}
    assert content["actor"]["avatar_url"] == "https://example.com/b.png"
    for actions in (
        [{"key": "a", "label": "A"}] * 2,
        [{"key": "a", "label": "A"}] * 6,
        [{"key": "a", "label": "A", "x": 1}],
    ):
        with pytest.raises(InvalidRequest, match="actions"):
            render(event_type=None, title="x", actions=actions)


def test_an_event_type_that_is_off_is_not_found(tenant: Tenant) -> None:
    upsert_event_type(tenant=tenant, key="a", active=False)
    with pytest.raises(NotFound, match="switched off"):
        event_type(tenant=tenant, key="a")
