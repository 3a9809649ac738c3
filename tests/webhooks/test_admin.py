"""The admin's pages of webhooks: a secret is shown once, what is wrong is said, what was told can be told again."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from tests.api.client import rolled_back
from tests.support.factories import make_tenant
from tests.support.webhooks import PUBLIC, make_webhook, owe_event

pytestmark = rolled_back
LIST = "/admin/hub/webhook/"
DELIVERIES = "/admin/hub/webhookdelivery/"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def act(browser: Client, address: str, action: str, *rows: Webhook | WebhookDelivery) -> str:
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(address, form, follow=True).content.decode()


def test_a_webhook_is_made_and_its_secret_shown_once(browser: Client, tenant: Tenant) -> None:
    form = {"tenant": str(tenant.pk), "url": PUBLIC, "events": "item.*", "description": ""}
    page = browser.post(f"{LIST}add/", form, follow=True).content.decode()
    webhook = Webhook.objects.get()
    assert webhook.secret in page
    assert webhook.events == ["item.*"]
    assert webhook.secret not in browser.get(f"{LIST}{webhook.pk}/change/").content.decode()


@pytest.mark.parametrize(("field", "value"), [("url", "https://10.0.0.1/"), ("events", "item.eaten")])
def test_what_the_api_refuses_is_refused(browser: Client, tenant: Tenant, field: str, value: str) -> None:
    form = {"tenant": str(tenant.pk), "url": PUBLIC, "events": "*", "description": "", field: value}
    assert "errorlist" in browser.post(f"{LIST}add/", form).content.decode()
    assert not Webhook.objects.exists()


def test_what_it_was_told_and_each_attempt_can_be_looked_at(browser: Client, tenant: Tenant) -> None:
    webhook = make_webhook(tenant)
    delivery = owe_event(webhook, state="dead", reason="gone", data={"id": "marker"})
    WebhookAttempt.objects.create(tenant=tenant, delivery=delivery, fence=1, status=410, answer="Nobody here")
    assert str(delivery.pk) in browser.get(f"{LIST}{webhook.pk}/change/").content.decode()
    page = browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert all(text in page for text in ("marker", "410", "Nobody here"))
    assert 'name="_save"' not in page
    assert str(delivery.pk) in browser.get(f"{DELIVERIES}?q={webhook.pk}").content.decode()


def test_actions(browser: Client, tenant: Tenant) -> None:
    webhook, other = make_webhook(tenant), make_webhook(tenant)
    old = webhook.secret
    page = act(browser, LIST, "rotate", webhook)
    webhook.refresh_from_db()
    assert webhook.secret != old == webhook.previous_secret
    assert webhook.secret in page
    act(browser, LIST, "try_out", webhook)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.webhook, delivery.type) == (webhook, "webhook.test")
    WebhookDelivery.objects.update(state="dead")
    act(browser, LIST, "disable", webhook)
    assert "enable it first" in act(browser, LIST, "try_out", webhook)
    assert "enable it first" in act(browser, DELIVERIES, "post_again", delivery)
    act(browser, LIST, "enable", webhook)
    assert "1 are posted again" in act(browser, DELIVERIES, "post_again", delivery)
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    act(browser, LIST, "remove", webhook)
    assert set(Webhook.objects.filter(deleted_at=None)) == {other}
    assert str(webhook.pk) not in browser.get(LIST).content.decode()
