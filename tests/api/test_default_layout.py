"""Promise: the layout that a tenant names stands around all its mails that name no other, and always works."""

from typing import Any

import pytest

from hub.content.models import Template
from hub.notifications.models import Notification
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back

SHOP = '<div style="color:red">{{ content }}{% render "footer" %}</div>'


def put(server: Api, key: str, **fields: Any) -> None:
    answer = server.put(f"/templates/{key}", fields | {"publish": True})
    assert answer.status_code == 200, answer.content


@pytest.fixture
def shop(server: Api) -> None:
    """Acme's default."""
    put(server, "footer", kind="partial", html="<i>{{ branding.name }}</i>")
    put(
        server,
        "shop",
        kind="layout",
        html=SHOP,
        locales={"pt": {"html": "<div style='color:red'>PT {{ content }}</div>"}},
    )
    changed = server.patch("/tenants/acme", {"email_layout": "shop"})
    assert changed.json()["email_layout"] == "shop"


def mail_of(server: Api, **fields: Any) -> dict[str, Any]:
    """What a notification says by email instead of its content."""
    assert server.post("/notifications", {"to": "alice", "channels": ["email"]} | fields).status_code == 202
    body: dict[str, Any] = Notification.objects.latest("id").bodies.get("email", {})
    return body


def test_it_stands_around_every_mail(server: Api, shop: None) -> None:
    own = {"email": {"html": "<b>Tea</b>"}}
    put(server, "mail", title="Hi", channels=own)
    assert mail_of(server, template="mail")["html"] == '<div style="color:red"><b>Tea</b><i>Acme</i></div>'
    put(server, "words", title="Hi", body="A line.")
    assert "<p>A line.</p>" in mail_of(server, template="words")["html"]
    server.put("/event-types/tea.made", {"template": {"title": "Made", "html": "<em>Tea</em>"}})
    assert "<em>Tea</em></div><i>Acme</i></div>" in mail_of(server, event="tea.made")["html"]


def test_words_alone_are_laid_out_in_it_as_in_the_hubs_own(server: Api, shop: None) -> None:
    server.patch("/tenants/acme", {"branding": {"colour": "#ffd000"}})
    html = mail_of(server, title="Hi <you>", body="One\n\ntwo", action_url="/orders/7?a=1&b=2")["html"]
    assert ">Hi &lt;you&gt;</h1><p>One</p><p>two</p>" in html
    assert 'href="http://127.0.0.1:8000/orders/7?a=1&amp;b=2"' in html
    assert "background:#ffd000;color:#000000" in html
    assert html.endswith("<i>Acme</i></div>")


def test_text_of_its_own_takes_the_place_of_general_html(server: Api, shop: None) -> None:
    put(server, "both", title="Hi", html="<em>General</em>", channels={"email": {"body": "By mail"}})
    html = mail_of(server, template="both")["html"]
    assert "<p>By mail</p>" in html
    assert "General" not in html


def test_a_template_names_another_or_none(server: Api, shop: None) -> None:
    own = {"email": {"html": "<b>Tea</b>"}}
    put(server, "plain", kind="layout", html="<u>{{ content }}</u>")
    put(server, "another", title="Hi", channels=own, layout="plain")
    assert mail_of(server, template="another")["html"] == "<u><b>Tea</b></u>"
    put(server, "without", title="Hi", channels=own, layout="none")
    assert mail_of(server, template="without")["html"] == "<b>Tea</b>"
    put(server, "words", title="Hi", layout="none")
    assert mail_of(server, template="words") == {}


def test_a_preview_and_a_test_show_it(server: Api, shop: None) -> None:
    put(server, "mail", title="Hi", channels={"email": {"html": "<b>Tea</b>"}})
    said = '<div style="color:red"><b>Tea</b><i>Acme</i></div>'
    assert server.post("/templates/mail/preview").json()["channels"]["email"]["html"] == said
    assert server.post("/templates/mail/test", {"to": {"email": "me@example.com"}}).status_code == 202
    assert Notification.objects.latest("id").bodies["email"]["html"] == said


def test_other_channels_and_the_app_know_nothing_of_it(server: Api, shop: None) -> None:
    told = server.post("/notifications", {"to": "alice", "title": "Hi", "body": "x", "channels": ["push", "sms"]})
    assert told.status_code == 202
    notification = Notification.objects.get()
    assert (notification.bodies, notification.content["html"]) == ({}, "")


@pytest.mark.parametrize(
    ("key", "fields", "field"),
    [
        ("shop", None, "email_layout"),
        ("shop", {"kind": "layout", "html": "{{ content }}"}, "email_layout"),
        ("shop", {"kind": "partial", "html": "x", "publish": True}, "email_layout"),
        ("shop", {"title": "x", "publish": True}, "email_layout"),
        ("shop", {"kind": "layout", "html": "{{ data.who }}", "publish": True}, "email_layout.data.who"),
        (
            "shop",
            {"kind": "layout", "html": "x", "locales": {"pt": {"html": "{{ actor.id }}"}}, "publish": True},
            "email_layout.actor.id",
        ),
    ],
)
def test_only_a_layout_that_always_works_can_be_it(server: Api, key: str, fields: Any, field: str) -> None:
    if fields:
        assert server.put(f"/templates/{key}", fields).status_code == 200
    document = problem_of(server.patch("/tenants/acme", {"email_layout": key}), 422, "invalid_request")
    assert fields_of(document) == {field}
    assert server.get("/tenants/acme").json()["email_layout"] is None


def test_a_strangers_layout_is_nobodys(server: Api, stranger: Api) -> None:
    put(stranger, "shop", kind="layout", html="Secret {{ content }}")
    problem_of(server.patch("/tenants/acme", {"email_layout": "shop"}), 422, "invalid_request")


def test_it_goes_on_working(server: Api, shop: None) -> None:
    for key in ("shop", "footer"):
        problem_of(server.delete(f"/templates/{key}"), 409, "conflict")
        needy = {"html": "{{ data.who }}", "publish": True}
        problem_of(server.patch(f"/templates/{key}", needy), 409, "conflict")
    assert mail_of(server, title="Hi")["html"].endswith("<i>Acme</i></div>")
    put(server, "shop", kind="layout", html="<u>{{ content }}</u>")
    assert server.delete("/templates/footer").status_code == 204
    problem_of(server.post("/templates/shop/rollback", {"version": 1}), 409, "conflict")
    assert server.patch("/tenants/acme", {"email_layout": None}).json()["email_layout"] is None
    assert mail_of(server, title="Hi") == {}
    assert server.delete("/templates/shop").status_code == 204


def test_none_is_the_key_of_no_layout(server: Api) -> None:
    refused = server.put("/templates/none", {"kind": "layout", "html": "{{ content }}"})
    assert fields_of(problem_of(refused, 422, "invalid_request")) == {"key"}
    assert server.put("/templates/none", {"title": "Nothing new"}).status_code == 200


def test_once_it_is_gone_all_the_same_mails_are_in_the_hubs_own(server: Api, shop: None) -> None:
    """The admin deletes what it is told to."""
    Template.objects.filter(key="shop").delete()
    assert mail_of(server, title="Hi") == {}
    put(server, "mail", title="Hi", channels={"email": {"html": '<b>Tea</b>{% render "footer" %}'}})
    assert mail_of(server, template="mail")["html"] == "<b>Tea</b><i>Acme</i>"
