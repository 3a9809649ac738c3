"""The admin: every page works, secrets are shown once, what only the hub writes can't be edited."""

import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Stream, Subscriber
from hub.audience.topics import add_members, upsert_topic
from hub.content.models import EventType, Template, TemplateVersion
from hub.content.templates import replace_template
from hub.fallback.models import Delivery
from hub.notifications.models import Notification
from hub.preferences.models import Preference
from hub.tenancy import keys
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.tenancy.services import create_api_key, create_signing_key
from tests.api.client import commits
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber, send

pytestmark = commits

YES = {"confirmed": "yes"}
PAGES = [model._meta.model_name for model in admin.site._registry if model._meta.app_label == "hub"]


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def sent(alice: Subscriber) -> Notification:
    return send(alice.tenant, "alice", title="Look here", cancel_key="later")


@pytest.mark.parametrize("page", PAGES)
def test_every_list_works_without_counting_all(browser: Client, sent: Notification, page: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(f"/admin/hub/{page}/").status_code == 200
    assert not [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert browser.get(f"/admin/hub/{page}/?q=nothing").status_code == 200
    assert browser.get(f"/admin/hub/{page}/?q=%00").status_code == 200


def test_the_detail_page_tells_the_story(browser: Client, sent: Notification) -> None:
    page = browser.get(f"/admin/hub/notification/{sent.pk}/change/").content.decode()
    assert "Look here" in page
    assert "In the inbox" in page
    assert "Planned" in page
    assert "no address on this channel" in page
    assert 'name="_save"' not in page


def test_the_story_of_one_subscriber(browser: Client, alice: Subscriber, bob: Subscriber) -> None:
    sent = send(alice.tenant, ["alice", "bob"])
    path = f"/admin/hub/notification/{sent.pk}/change/"
    page = browser.get(path, {"subscriber": "bob"}).content.decode()
    assert "<td>bob</td>" in page
    assert "<td>alice</td>" not in page
    assert "dora is not among its recipients" in browser.get(path, {"subscriber": "dora"}).content.decode()
    assert browser.get(path, {"subscriber": "\0"}).status_code == 200


def test_why_somebody_did_not_get_it(browser: Client, alice: Subscriber) -> None:
    Preference.objects.create(
        tenant=alice.tenant, subscriber=alice, category="message", channel="in_app", enabled=False
    )
    sent = send(alice.tenant, "alice")
    page = browser.get(f"/admin/hub/notification/{sent.pk}/change/").content.decode()
    assert "Not shown in the inbox" in page
    assert "switched this channel off" in page


@pytest.mark.parametrize("term", ["{id}", "alice", "later"])
def test_notifications_are_found(browser: Client, sent: Notification, term: str) -> None:
    page = browser.get("/admin/hub/notification/", {"q": term.format(id=sent.pk)}).content.decode()
    assert str(sent.pk) in page
    assert str(sent.pk) not in browser.get("/admin/hub/notification/", {"q": "bob"}).content.decode()


def test_what_is_shown_is_escaped(browser: Client, alice: Subscriber) -> None:
    sent = send(alice.tenant, "alice", title="<script>alert(1)</script>")
    for path in ("", f"{sent.pk}/change/"):
        assert "<script>alert" not in browser.get(f"/admin/hub/notification/{path}").content.decode()


def test_a_key_is_shown_once(browser: Client, tenant: Tenant) -> None:
    form = {
        "tenant": str(tenant.pk),
        "name": "ci",
        "scopes": ["notifications:write"],
        "expires_at_0": "",
        "expires_at_1": "",
    }
    page = browser.post("/admin/hub/apikey/add/", form, follow=True).content.decode()
    key = ApiKey.objects.get()
    assert key.scopes == ["notifications:write"]
    text = page.partition("The key is ")[2].partition(".")[0]
    assert keys.verify(text) == key
    assert text not in browser.get(f"/admin/hub/apikey/{key.pk}/change/").content.decode()
    browser.post("/admin/hub/apikey/", YES | {"action": "revoke", "_selected_action": [str(key.pk)]})
    key.refresh_from_db()
    assert key.revoked_at


def test_a_signing_secret_is_shown_once(browser: Client, tenant: Tenant) -> None:
    form = {"tenant": str(tenant.pk), "algorithm": "HS256", "key": ""}
    page = browser.post("/admin/hub/signingkey/add/", form, follow=True).content.decode()
    key = SigningKey.objects.get()
    assert key.key in page
    assert key.key not in browser.get(f"/admin/hub/signingkey/{key.pk}/change/").content.decode()


@pytest.mark.parametrize(("algorithm", "key"), [("HS256", "short"), ("RS256", "nonsense")])
def test_a_signing_key_is_checked(browser: Client, tenant: Tenant, algorithm: str, key: str) -> None:
    form = {"tenant": str(tenant.pk), "algorithm": algorithm, "key": key}
    page = browser.post("/admin/hub/signingkey/add/", form)
    assert page.status_code == 200
    assert not SigningKey.objects.exists()


def test_a_subscriber_gets_a_stream(browser: Client, tenant: Tenant) -> None:
    form = {"tenant": str(tenant.pk), "external_id": "dora", "attributes": "{}"}
    page = browser.post("/admin/hub/subscriber/add/", form)
    assert page.status_code == 302, page.content
    assert Stream.objects.filter(subscriber__external_id="dora", tenant=tenant).exists()


def test_an_event_type_is_checked_as_the_api_does(browser: Client, tenant: Tenant) -> None:
    form = {"tenant": str(tenant.pk), "key": "a.b", "category": "c", "ladder": "[]", "template": '{"title": "{{ x"}'}
    page = browser.post("/admin/hub/eventtype/add/", form).content.decode()
    assert "<li>title: " in page
    assert not EventType.objects.exists()
    assert browser.post("/admin/hub/eventtype/add/", form | {"template": "{}"}).status_code == 302


def test_templates_are_published_and_brought_back(browser: Client, tenant: Tenant) -> None:
    wrong = {"tenant": str(tenant.pk), "key": "hi", "kind": "message", "content": '{"title": "{{ x"}'}
    assert "<li>title: " in browser.post("/admin/hub/template/add/", wrong).content.decode()
    assert browser.post("/admin/hub/template/add/", wrong | {"content": '{"title": "Hi"}'}).status_code == 302
    template = Template.objects.get()
    chosen = {"action": "publish", "_selected_action": [str(template.pk)]}
    assert "Publish these drafts?" in browser.post("/admin/hub/template/", chosen).content.decode()
    assert not TemplateVersion.objects.exists()
    browser.post("/admin/hub/template/", YES | chosen)
    replace_template(tenant=tenant, key="hi", title="{% render 'none' %}")
    refused = browser.post("/admin/hub/template/", YES | chosen, follow=True).content.decode()
    assert "There is no none" in refused
    first = TemplateVersion.objects.get()
    browser.post("/admin/hub/templateversion/", YES | {"action": "roll_back", "_selected_action": [str(first.pk)]})
    second = TemplateVersion.objects.get(number=2)
    assert (second.restores, second.content) == (1, {"title": "Hi"})
    page = browser.get(f"/admin/hub/template/{template.pk}/change/").content.decode()
    assert "version 2" in page
    assert "user:" in page
    assert "Hi" in browser.get(f"/admin/hub/templateversion/{second.pk}/change/").content.decode()


def test_deliveries_are_operated_on_in_bulk(browser: Client, sent: Notification) -> None:
    waiting = Delivery.objects.filter(state="waiting")
    chosen = [str(delivery.pk) for delivery in waiting]
    assert chosen
    browser.post("/admin/hub/delivery/", YES | {"action": "give_up", "_selected_action": chosen})
    assert {d.state for d in Delivery.objects.filter(pk__in=chosen)} == {"dead"}
    browser.post("/admin/hub/delivery/", YES | {"action": "send_again", "_selected_action": chosen})
    assert Delivery.objects.filter(generation=1, state="waiting").count() == len(chosen)


ACTIONS = {
    "delivery": ("give_up", "send_again"),
    "deadletter": ("send_again", "send_cause_again"),
    "tenant": ("suspend", "resume"),
    "apikey": ("rotate", "revoke"),
    "signingkey": ("revoke",),
}


@pytest.mark.parametrize("page", ACTIONS)
def test_who_may_only_look_cannot_operate(sent: Notification, page: str) -> None:
    create_api_key(tenant=sent.tenant, name="ci", scopes=["*"])
    create_signing_key(tenant=sent.tenant)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer)
    model = next(model for model in admin.site._registry if model._meta.model_name == page)
    chosen = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
    assert chosen
    before = list(model._default_manager.order_by("pk").values())
    shown = client.get(f"/admin/hub/{page}/").content.decode()
    for action in ACTIONS[page]:
        assert f'value="{action}"' not in shown
        client.post(f"/admin/hub/{page}/", YES | {"action": action, "_selected_action": chosen})
    assert list(model._default_manager.order_by("pk").values()) == before


ASKS = [(page, action) for page, names in ACTIONS.items() for action in names if action not in ("resume", "rotate")]


@pytest.mark.parametrize(("page", "action"), ASKS)
def test_what_has_consequences_is_asked_first(browser: Client, sent: Notification, page: str, action: str) -> None:
    create_api_key(tenant=sent.tenant, name="ci", scopes=["*"])
    create_signing_key(tenant=sent.tenant)
    owe(Subscriber.objects.get(), state="dead", reason="address_dead")
    model = next(model for model in admin.site._registry if model._meta.model_name == page)
    chosen = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
    before = list(model._default_manager.order_by("pk").values())
    asked = browser.post(f"/admin/hub/{page}/", {"action": action, "_selected_action": chosen})
    assert asked.status_code == 200
    assert all(f'name="_selected_action" value="{pk}"' in asked.content.decode() for pk in chosen)
    assert f'name="action" value="{action}"' in asked.content.decode()
    assert list(model._default_manager.order_by("pk").values()) == before


def test_a_list_goes_on_by_key(browser: Client, tenant: Tenant) -> None:
    for number in range(60):
        upsert_topic(tenant=tenant, key=f"topic-{number:02}")
    first = browser.get("/admin/hub/topic/")
    assert len(first.context["cl"].result_list) == 50
    second = browser.get("/admin/hub/topic/" + first.context["cl"].older_link)
    assert [topic.key for topic in second.context["cl"].result_list] == [f"topic-{n:02}" for n in reversed(range(10))]
    assert second.context["cl"].older_link == ""
    assert "Newest" in second.content.decode()
    assert browser.get("/admin/hub/topic/?older_than=nonsense").status_code == 302
    assert "Nothing here" in browser.get("/admin/hub/topic/?q=nothing").content.decode()


def test_a_filter_looks_back_a_bounded_way(
    browser: Client, alice: Subscriber, charlie: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.api.admin.LOOK_BACK", 2)
    rare = owe(alice, channel="push")
    owe(charlie, channel="push")
    for _ in range(4):
        owe(alice)
    page = browser.get("/admin/hub/delivery/?channel=push")
    assert len(page.context["cl"].result_list) == 0
    assert "Looked back to" in page.content.decode()
    seen = []
    while link := page.context["cl"].older_link:
        page = browser.get("/admin/hub/delivery/" + link)
        seen += page.context["cl"].result_list
    assert [row.subscriber for row in seen] == [charlie, alice]
    assert "With a tenant chosen" in browser.get("/admin/hub/delivery/?channel=push").content.decode()
    for query in ("channel=push", "channel=push&state__exact=waiting&created=day"):
        whole = browser.get(f"/admin/hub/delivery/?{query}&tenant__id__exact={alice.tenant_id}").context["cl"]
        assert (list(whole.result_list), whole.older_link) == ([rare], "")


def test_a_tenants_deliveries_go_on_by_key(browser: Client, alice: Subscriber) -> None:
    owed = [owe(alice, state="dead", reason="ambiguous") for _ in range(60)]
    for page in ("delivery", "deadletter"):
        path = f"/admin/hub/{page}/?reason=ambiguous&tenant__id__exact={alice.tenant_id}"
        first = browser.get(path).context["cl"]
        second = browser.get(f"/admin/hub/{page}/{first.older_link}").context["cl"]
        assert [row.pk for row in [*first.result_list, *second.result_list]] == [d.pk for d in reversed(owed)]
        assert second.older_link == ""


def test_a_search_finds_the_very_name_before_what_begins_with_it(
    browser: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.api.admin.FOUND", 1)
    own = "01a02f21-95d8-7000-8000-000000000000"  # whoever names their users by UUIDs finds them too
    for name in ("user-1", "user-10", "user-1x", "User-1", own):
        make_subscriber(tenant, name)

    def found(term: str) -> list[str]:
        return [row.external_id for row in browser.get("/admin/hub/subscriber/", {"q": term}).context["cl"].result_list]

    assert found("user-1") == ["user-1"]
    assert found("user-10") == ["user-10"]
    assert found("user_") == found("%") == []
    assert found(own) == [own]
    told = send(tenant, own)
    listed = browser.get("/admin/hub/notification/", {"q": own}).context["cl"].result_list
    assert list(listed) == [told]


def test_a_tenant_is_suspended_and_resumed(browser: Client, tenant: Tenant) -> None:
    for action, status in (("suspend", "suspended"), ("resume", "active")):
        form = YES | {"action": action, "_selected_action": [str(tenant.pk)]}
        answer = browser.post("/admin/hub/tenant/", form, follow=True)
        tenant.refresh_from_db()
        assert tenant.status == status
        assert f"1 {action}" in answer.content.decode()
    assert browser.post(f"/admin/hub/tenant/{tenant.pk}/delete/", {"post": "yes"}).status_code == 403
    form = {"slug": "Not good", "name": "x", "allowed_origins": "nonsense"}
    page = browser.post("/admin/hub/tenant/add/", form).content.decode()
    assert "lower-case letters" in page or "valid “slug”" in page
    assert "is not scheme://host[:port]" in page


def test_a_key_is_rotated(browser: Client, tenant: Tenant) -> None:
    key, old = create_api_key(tenant=tenant, name="ci", scopes=["*"])
    form = {"action": "rotate", "_selected_action": [str(key.pk)]}
    page = browser.post("/admin/hub/apikey/", form, follow=True).content.decode()
    new = page.partition("The key is ")[2].partition(".")[0]
    assert keys.verify(new) != keys.verify(old)
    key.refresh_from_db()
    assert key.expires_at


def test_a_subscriber_with_what_they_want_and_got(browser: Client, sent: Notification, alice: Subscriber) -> None:
    page = browser.get(f"/admin/hub/subscriber/{alice.pk}/change/").content.decode()
    assert "on (default)" in page
    assert "Look here" in page
    assert str(alice.pk) in browser.get("/admin/hub/subscriber/?q=ali").content.decode()


def test_a_topic_with_its_members(browser: Client, alice: Subscriber) -> None:
    topic = upsert_topic(tenant=alice.tenant, key="news")
    path = f"/admin/hub/topic/{topic.pk}/change/"
    assert "Nobody follows it yet" in browser.get(path).content.decode()
    add_members(topic=topic, external_ids=["alice"])
    assert "alice@example.com" in browser.get(path).content.decode()


def test_dead_letters_by_cause(browser: Client, alice: Subscriber, bob: Subscriber) -> None:
    dead = [owe(who, state="dead", reason="address_dead") for who in (alice, alice, bob)]
    other = owe(bob, state="dead", reason="ambiguous")
    page = browser.get("/admin/hub/deadletter/").content.decode()
    assert "email · address_dead" in page
    assert "<td>3</td>" in page
    form = {"action": "send_cause_again", "_selected_action": [str(dead[0].pk)]}
    asked = browser.post("/admin/hub/deadletter/", form)
    assert "acme, email · address_dead: 3" in asked.content.decode()
    form |= YES
    answer = browser.post("/admin/hub/deadletter/", form, follow=True).content.decode()
    assert "3 sent again, of 1 causes." in answer
    assert {d.item_id for d in Delivery.objects.filter(generation=1)} == {d.item_id for d in dead}
    left = browser.get("/admin/hub/deadletter/")
    assert [row.pk for row in left.context["cl"].result_list] == [other.pk]
    calls = browser.get(f"/admin/hub/deadletter/{other.pk}/change/").content.decode()
    assert "No provider was called yet" in calls


def test_dead_letters_are_listed_by_each_reason_that_they_can_have(browser: Client) -> None:
    named = re.search(r"Dead: `([^`]+)`", Path("docs/deliveries.md").read_text())
    assert named
    page = browser.get("/admin/hub/deadletter/").content.decode()
    assert [reason for reason in named[1].split() if f"?reason={reason}" not in page] == []


@pytest.mark.parametrize("page", ["notification", "delivery"])
def test_what_only_the_hub_writes_is_read_only(browser: Client, sent: Notification, page: str) -> None:
    assert browser.get(f"/admin/hub/{page}/add/").status_code == 403
    row = (Notification if page == "notification" else Delivery).objects.all()[:1].get()
    assert browser.post(f"/admin/hub/{page}/{row.pk}/change/", {}).status_code == 403
    assert browser.post(f"/admin/hub/{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
