"""The admin: every page works, secrets are shown once, what only the hub writes can't be edited."""

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
from tests.support.factories import send

pytestmark = commits

YES = {"confirmed": "yes"}
PAGES = [model._meta.model_name for model in admin.site._registry if model._meta.app_label == "hub"]


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
    unknown = browser.post("/admin/hub/eventtype/add/", form | {"template": '"nobodys"'}).content.decode()
    assert "There is no template &#x27;nobodys&#x27;" in unknown
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


@pytest.mark.parametrize("page", ["notification", "delivery"])
def test_what_only_the_hub_writes_is_read_only(browser: Client, sent: Notification, page: str) -> None:
    assert browser.get(f"/admin/hub/{page}/add/").status_code == 403
    row = (Notification if page == "notification" else Delivery).objects.all()[:1].get()
    assert browser.post(f"/admin/hub/{page}/{row.pk}/change/", {}).status_code == 403
    assert browser.post(f"/admin/hub/{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
