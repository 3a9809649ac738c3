"""The admin: every page works, secrets are shown once, what only the hub writes can't be edited."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Stream, Subscriber
from hub.content.models import EventType
from hub.fallback.models import Delivery
from hub.notifications.models import Notification
from hub.tenancy import keys
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from tests.api.client import commits
from tests.support.factories import send

pytestmark = commits

PAGES = ("tenant", "apikey", "signingkey", "subscriber", "topic", "eventtype", "notification", "delivery")


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def sent(alice: Subscriber) -> Notification:
    return send(alice.tenant, "alice", title="Look here")


@pytest.mark.parametrize("page", PAGES)
def test_every_list_works_without_counting_all(browser: Client, sent: Notification, page: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(f"/admin/hub/{page}/").status_code == 200
    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert all("LIMIT 1001" in sql for sql in counts), counts
    assert browser.get(f"/admin/hub/{page}/?q=nothing").status_code == 200
    assert browser.get(f"/admin/hub/{page}/?q=%00").status_code == 200


def test_the_detail_page_tells_the_story(browser: Client, sent: Notification) -> None:
    page = browser.get(f"/admin/hub/notification/{sent.pk}/change/").content.decode()
    assert "Look here" in page
    assert "delivery.planned" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("term", ["{id}", "alice", "message"])
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
    browser.post("/admin/hub/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})
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


def test_deliveries_are_operated_on_in_bulk(browser: Client, sent: Notification) -> None:
    waiting = Delivery.objects.filter(state="waiting")
    chosen = [str(delivery.pk) for delivery in waiting]
    assert chosen
    browser.post("/admin/hub/delivery/", {"action": "give_up", "_selected_action": chosen})
    assert {d.state for d in Delivery.objects.filter(pk__in=chosen)} == {"dead"}
    browser.post("/admin/hub/delivery/", {"action": "send_again", "_selected_action": chosen})
    assert Delivery.objects.filter(generation=1, state="waiting").count() == len(chosen)


def test_who_may_only_look_cannot_operate(sent: Notification) -> None:
    from django.contrib.auth.models import Permission

    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client = Client()
    client.force_login(viewer)
    assert "give_up" not in client.get("/admin/hub/delivery/").content.decode()


@pytest.mark.parametrize("page", ["notification", "delivery"])
def test_what_only_the_hub_writes_is_read_only(browser: Client, sent: Notification, page: str) -> None:
    assert browser.get(f"/admin/hub/{page}/add/").status_code == 403
    row = (Notification if page == "notification" else Delivery).objects.all()[:1].get()
    assert browser.post(f"/admin/hub/{page}/{row.pk}/change/", {}).status_code == 403
    assert browser.post(f"/admin/hub/{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
