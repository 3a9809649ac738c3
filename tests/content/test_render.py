"""What a notification says: given or from the template, cut down to what is safe, the same for everybody."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.content.render import SAID, render
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

ACME = Tenant(slug="acme", name="Acme")


def content_of(template: dict[str, Any], *, data: Any = None, actor: Any = None, **given: Any) -> dict[str, Any]:
    assert given.keys() <= set(SAID)
    return render(tenant=ACME, template=template, given=given, data=data, actor=actor).whole()[0]


def test_what_is_given_goes_out_as_it_is() -> None:
    content = content_of(template={}, title=" Hello\n{{ x }} ", body="a\nb", action_url="/x", data={"n": 1})
    assert content == {
        "title": "Hello {{ x }}",
        "body": "a\nb",
        "html": "",
        "data": {"n": 1},
        "actor": None,
        "action_url": "/x",
        "actions": [],
    }


def test_what_is_given_comes_before_the_template() -> None:
    template = {
        "title": "{{ tenant.name }}: {{ data.x }}",
        "html": "<i>{{ data.x }}</i>",
        "action_url": "/{{ data.x }}",
    }
    content = content_of(template=template, data={"x": "<b>"})
    assert content["title"] == "Acme: <b>"
    assert content["html"] == "<i>&lt;b&gt;</i>"
    assert content["body"] == "<b>"
    assert content_of(template=template, title="Mine", data={"x": "y"})["title"] == "Mine"


def test_a_template_shows_the_tenants_branding() -> None:
    shown = "{{ branding.name }} {{ branding.colour }} {{ branding.text_colour }}"
    template = {"title": shown, "body": "{% if branding.logo_url %}logo{% endif %}|{{ branding.address }}|"}
    said = content_of(template=template)
    assert (said["title"], said["body"]) == ("Acme #1f5fbf #ffffff", "||")
    branding = {"name": "Acme & Sons", "colour": "#ffd000", "logo_url": "https://a.example/l.png", "address": "York"}
    sons = Tenant(slug="acme", name="Acme", branding=branding)
    said = render(tenant=sons, template=template | {"html": "<p>{{ branding.name }}</p>"}).whole()[0]
    assert (said["title"], said["body"]) == ("Acme & Sons #ffd000 #000000", "logo|York|")
    assert said["html"] == "<p>Acme &amp; Sons</p>"


def test_a_template_offers_actions() -> None:
    template = {"title": "x", "actions": [{"key": "open", "label": "Open {{ data.n }}", "url": "/{{ data.n }}"}]}
    filled = [{"key": "open", "label": "Open 7", "url": "/7"}]
    assert content_of(template=template, data={"n": 7})["actions"] == filled
    own = [{"key": "own", "label": "{{ mine }}"}]
    assert content_of(template=template, actions=own)["actions"] == own


def test_every_missing_variable_is_named() -> None:
    template = {
        "title": "{{ data.order.id }}",
        "body": "{{ actor.name }}",
        "actions": [{"key": "a", "label": "A", "url": "{{ data.url }}"}],
    }
    with pytest.raises(InvalidRequest) as refused:
        content_of(template=template)
    told = [(error.field, error.code) for error in refused.value.errors]
    assert told == [(name, "missing_variable") for name in ("data.order", "actor.name", "data.url")]


def test_a_template_cannot_make_an_unsafe_link() -> None:
    hostile = {"url": "javascript:alert(1)"}
    with pytest.raises(InvalidRequest, match="action_url"):
        content_of(template={"title": "x", "action_url": "{{ data.url }}"}, data=hostile)
    actions = [{"key": "a", "label": "A", "url": "{{ data.url }}"}]
    with pytest.raises(InvalidRequest, match=r"actions\.0\.url"):
        content_of(template={"title": "x", "actions": actions}, data=hostile)


def test_values_of_python_become_json() -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    content = content_of(template={}, title="x", data={"at": when, "id": UUID(int=1)})
    assert content["data"] == {"at": "2030-01-01T00:00:00+00:00", "id": "00000000-0000-0000-0000-000000000001"}


@pytest.mark.parametrize(
    "data", [{"a": Decimal(1)}, {1: 2}, {"a": object()}, {"a": 2**70}, {"a": "\x00"}, {"a": "\ud800"}, "text"]
)
def test_what_is_no_json_is_refused(data: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        content_of(template={}, title="x", data=data)
    assert refused.value.errors[0].field.startswith("data")


def test_actions_and_actor_are_checked() -> None:
    content = content_of(
        template={},
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
            content_of(template={}, title="x", actions=actions)
