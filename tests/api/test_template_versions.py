"""Drafts, versions, languages and channels of templates over REST."""

from typing import Any
from unittest.mock import patch

import orjson
import pytest

from hub.notifications.models import Notification
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back

INVOICE: dict[str, Any] = {
    "title": "Invoice {{ data.number }}",
    "channels": {"sms": {"body": "Invoice {{ data.number }}: {{ data.total }}"}},
    "locales": {"pt": {"title": "Fatura {{ data.number }}"}},
    "schema": {
        "type": "object",
        "required": ["number", "total"],
        "properties": {"number": {"type": "integer"}, "total": {"type": "string"}},
    },
    "example": {"number": 7, "total": "12.00"},
}
DATA = {"number": 8, "total": "1.00"}


@pytest.fixture
def invoice(server: Api) -> str:
    assert server.put("/templates/invoice", INVOICE | {"publish": True}).status_code == 200
    return "/templates/invoice"


def say(server: Api, **fields: Any) -> Any:
    return server.post("/notifications", {"to": "alice", "template": "invoice", "data": DATA} | fields)


def test_a_draft_is_not_said_until_it_is_published(server: Api) -> None:
    made = server.put("/templates/invoice", INVOICE).json()
    assert (made["version"], made["changed"]) == (None, True)
    document = problem_of(say(server), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in document["errors"]] == [("template", "inactive")]
    version = server.post("/templates/invoice/publish", {"note": "First"})
    assert (version.status_code, version.json()["number"], version.json()["note"]) == (201, 1, "First")
    assert say(server).json()["title"] == "Invoice 8"
    changed = server.patch("/templates/invoice", {"title": "Bill"}).json()
    assert (changed["version"], changed["changed"]) == (1, True)
    assert say(server).json()["title"] == "Invoice 8"


def test_an_old_version_comes_back_as_a_new_one(server: Api, invoice: str) -> None:
    server.patch(invoice, {"title": "Bill {{ data.number }}", "publish": True})
    assert say(server).json()["title"] == "Bill 8"
    back = server.post(f"{invoice}/rollback", {"version": 1, "note": "Wrong word"}).json()
    assert (back["number"], back["restores"], back["published"]) == (3, 1, True)
    assert say(server).json()["title"] == "Invoice 8"
    listed = server.get(f"{invoice}/versions").json()["items"]
    assert [(row["number"], row["published"]) for row in listed] == [(3, True), (2, False), (1, False)]
    assert server.get(f"{invoice}/versions/2").json()["content"]["title"] == "Bill {{ data.number }}"
    assert server.get(invoice).json()["title"] == "Bill {{ data.number }}"


def test_what_is_not_there_is_not_found(server: Api, stranger: Api, invoice: str) -> None:
    for path in ("versions/9", "versions/99999999999999999999"):
        problem_of(server.get(f"{invoice}/{path}"), 404, "not_found")
    problem_of(server.post(f"{invoice}/rollback", {"version": 9}), 404, "not_found")
    assert fields_of(problem_of(server.post(f"{invoice}/rollback", b'{"version": 0}'), 422, "invalid_request"))
    for path in ("publish", "preview"):
        problem_of(stranger.post(f"{invoice}/{path}"), 404, "not_found")
    problem_of(stranger.get(f"{invoice}/versions"), 404, "not_found")
    problem_of(stranger.post(f"{invoice}/rollback", {"version": 1}), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": "{{ data.nmber }}"}, "data.nmber", "missing_variable"),
        ({"channels": {"sms": {"body": "{{ data.note }}"}}}, "data.note", "missing_variable"),
        ({"locales": {"de": {"body": "{{ data.notiz }}"}}}, "data.notiz", "missing_variable"),
        ({"example": {"number": "x", "total": "1"}}, "data.number", "schema"),
        ({"example": {"number": 1}}, "data.total", "required"),
        ({"layout": "shop"}, "layout", "not_found"),
        ({"html": '{% render "footer" %}'}, "html", "not_found"),
        ({"action_url": "{{ data.total }}"}, "action_url", "url"),
        ({"channels": {"sms": {"body": "{% for i in (1..900) %}xxx{% endfor %}"}}}, "channels.sms.body", "too_long"),
        ({"title": "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}"}, "title", "template"),
    ],
)
def test_what_would_fail_is_not_published(server: Api, change: dict[str, Any], field: str, code: str) -> None:
    assert server.put("/templates/invoice", INVOICE | change).status_code == 200
    document = problem_of(server.post("/templates/invoice/publish"), 422, "invalid_request")
    assert (field, code) in {(error["field"], error["code"]) for error in document["errors"]}
    problem_of(server.put("/templates/other", INVOICE | change | {"publish": True}), 422, "invalid_request")
    problem_of(server.get("/templates/other"), 404, "not_found")


def test_a_variable_that_may_be_missing_needs_a_default(server: Api) -> None:
    schema = {"type": "object", "properties": {"note": {"type": "string"}}}
    loose = {"title": "{{ data.note }}", "schema": schema}
    problem_of(server.put("/templates/note", loose | {"publish": True}), 422, "invalid_request")
    for title in ("{{ data.note | default: 'None' }}", "{% if data.note %}{{ data.note }}{% else %}-{% endif %}"):
        assert server.put("/templates/note", loose | {"title": title, "publish": True}).status_code == 200


def test_data_is_as_the_schema_says(server: Api, invoice: str) -> None:
    document = problem_of(say(server, data={"number": "x"}), 422, "invalid_request")
    assert fields_of(document) == {"data.number", "data.total"}
    assert not Notification.objects.exists()


def test_a_preview_is_sent_to_nobody(server: Api, invoice: str) -> None:
    shown = server.post(f"{invoice}/preview", {"locale": "pt-BR", "data": DATA}).json()
    assert (shown["locale"], shown["content"]["title"], shown["version"]) == ("pt", "Fatura 8", None)
    assert shown["channels"]["sms"]["body"] == "Invoice 8: 1.00"
    assert server.post(f"{invoice}/preview").json()["content"]["title"] == "Invoice 7"
    server.patch(invoice, {"title": "{{ data.gone }}", "schema": None})
    document = problem_of(server.post(f"{invoice}/preview", {"data": {}}), 422, "invalid_request")
    assert fields_of(document) == {"data.gone", "data.number"}
    assert server.post(f"{invoice}/preview", {"version": 1}).json()["content"]["title"] == "Invoice 7"
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("words", "segments"),
    [
        ({"title": "T" * 160}, 1),
        ({"title": "T", "body": "b" * 161}, 2),
        ({"title": "T", "body": "b", "channels": {"sms": {"body": "ж" * 71}}}, 2),
    ],
)
def test_a_preview_counts_its_sms(server: Api, words: dict[str, Any], segments: int) -> None:
    server.put("/templates/text", words)
    assert server.post("/templates/text/preview").json()["segments"] == segments


def test_a_channel_says_its_own_words(server: Api, invoice: str) -> None:
    say(server, channels=["sms"])
    told = Notification.objects.get()
    assert told.bodies == {"sms": {"body": "Invoice 8: 1.00", "html": ""}}
    assert told.version is not None
    assert told.version.number == 1
    say(server, channels=["sms"], body="Pay up")
    assert Notification.objects.latest("id").bodies == {}


def test_layouts_and_partials(server: Api) -> None:
    server.put(
        "/templates/footer", {"kind": "partial", "html": "<i>{{ who }}</i>", "body": "-- {{ who }}", "publish": True}
    )
    layout = '<div style="color:red">{{ content }}{% render "footer", who: tenant.name %}</div>'
    server.put("/templates/shop", {"kind": "layout", "html": layout, "publish": True})
    body = {"title": "Hi", "body": "<Tea>\n\nCups {% render 'footer', who: 'us' %}", "layout": "shop", "publish": True}
    assert server.put("/templates/hi", body).status_code == 200
    shown = server.post("/templates/hi/preview").json()
    title = '<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">Hi</h1>'
    mail = (
        f'<div style="color:red"><div class="letter">{title}<p>&lt;Tea&gt;</p><p>Cups -- us</p></div><i>Acme</i></div>'
    )
    assert shown["channels"]["email"] == {"html": mail, "body": "<Tea>\n\nCups -- us"}
    document = problem_of(server.post("/notifications", {"to": "a", "template": "shop"}), 422, "invalid_request")
    assert fields_of(document) == {"template"}
    problem_of(server.post("/templates/shop/preview"), 422, "invalid_request")
    problem_of(server.patch("/templates/shop", {"kind": "partial"}), 422, "invalid_request")
    problem_of(server.put("/templates/bad", {"kind": "layout", "html": "{{ nothing }}"}), 422, "invalid_request")
    assert [row["key"] for row in server.get("/templates?kind=layout").json()["items"]] == ["shop"]


def test_a_partial_of_a_stranger_is_not_there(server: Api, stranger: Api) -> None:
    stranger.put("/templates/footer", {"kind": "partial", "html": "Secret", "publish": True})
    document = problem_of(
        server.put("/templates/a", {"html": '{% render "footer" %}', "publish": True}), 422, "invalid_request"
    )
    assert "Secret" not in str(document)


def test_a_test_goes_to_an_address(server: Api, invoice: str) -> None:
    server.patch(invoice, {"title": "Draft {{ data.number }}"})
    sent = server.post(f"{invoice}/test", {"to": {"email": "me@example.com"}, "data": DATA}).json()
    assert (sent["title"], sent["tags"], sent["channels"]) == ("Draft 8", ["test"], ["email"])
    told = Notification.objects.get()
    assert [(step["channel"], step["after"], step["unless"]) for step in told.ladder] == [("email", 0, "never")]
    server.post(f"{invoice}/test", {"to": "alice", "locale": "pt", "version": 1})
    told = Notification.objects.latest("id")
    assert (told.content["title"], told.channels, list(told.bodies)) == ("Fatura 7", ["in_app", "sms"], ["sms"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": {"all": True}}, "to"),
        ({"to": ["alice", "bob"]}, "to"),
        ({}, "to"),
        ({"to": "alice", "data": {}}, "data.number"),
        ({"to": "alice", "channels": ["fax"]}, "channels.0"),
        ({"to": "alice", "locale": "x"}, "locale"),
    ],
)
def test_a_test_goes_to_one_and_says_something(server: Api, invoice: str, body: dict[str, Any], field: str) -> None:
    sent = orjson.dumps(body)
    with patch("tests.api.client.check"):  # some of these the document forbids, and says so
        document = problem_of(server.post(f"{invoice}/test", sent), 422, "invalid_request")
    assert field in fields_of(document)
    assert not Notification.objects.exists()
