"""The host project's users are subscribers of its own tenant, on first use, and of nobody else's."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

import hub
from hub.audience.models import Subscriber
from hub.audience.services import upsert_subscriber
from hub.audience.users import link, subscriber_of_user
from hub.exceptions import InvalidRequest
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant
from tests.support.factories import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own(tenant: Tenant, settings: Any) -> Tenant:
    settings.HUB = {**settings.HUB, "tenant": tenant.slug}
    return tenant


def make_user(name: str, **fields: Any) -> Any:
    return get_user_model().objects.create(username=name, **({"email": f"{name}@example.com"} | fields))


def test_a_user_is_a_recipient_with_their_own_name_and_email(own: Tenant) -> None:
    ada = make_user("ada", first_name="Ada", last_name="Lovelace")
    notification = hub.notify(to=ada, title="Hello")
    made = Subscriber.objects.get()
    assert (made.tenant, made.external_id, made.name, made.email) == (
        own,
        str(ada.pk),
        "Ada Lovelace",
        "ada@example.com",
    )
    assert InboxItem.objects.get(notification=notification).subscriber == made


def test_users_stand_beside_other_recipients_and_known_ones_are_stored_by_id_alone(own: Tenant) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    hub.notify(to=ada, title="First")
    upsert_subscriber(tenant=own, external_id="robert", user=bob, name="bob", email="bob@example.com")
    sent = hub.notify(to=[ada, bob, "carol"], title="Second")
    assert Notification.objects.get(pk=sent.pk).audience == {"to": sorted([str(ada.pk), "robert", "carol"])}
    assert InboxItem.objects.filter(notification=sent).count() == 3


def test_a_changed_address_is_the_one_that_counts(own: Tenant) -> None:
    ada = make_user("ada")
    hub.notify(to=ada, title="First")
    ada.email = "countess@example.com"
    hub.notify(to=ada, title="Second")
    assert Subscriber.objects.get().email == "countess@example.com"


def test_an_address_that_is_none_undoes_no_business_change(own: Tenant) -> None:
    hub.notify(to=make_user("ada", email="nowhere"), title="Hello")
    assert Subscriber.objects.get().email == ""


def test_a_user_who_is_not_saved_or_a_tenant_that_is_not_named_is_refused(own: Tenant, settings: Any) -> None:
    with pytest.raises(InvalidRequest, match="saved"):
        hub.notify(to=get_user_model()(username="ghost"), title="Hello")
    settings.HUB = {**settings.HUB, "tenant": ""}
    with pytest.raises(InvalidRequest, match="tenant"):
        hub.notify(to="ada", title="Hello")
    settings.HUB = {**settings.HUB, "tenant": "missing"}
    with pytest.raises(InvalidRequest, match="migrate"):
        hub.notify(to="ada", title="Hello")
    assert not Notification.objects.exists()


def test_a_session_makes_its_subscriber_in_the_own_tenant_alone(own: Tenant, settings: Any) -> None:
    ada = make_user("ada")
    make_tenant("other")
    assert subscriber_of_user(ada, "other") is None
    mine = subscriber_of_user(ada)
    assert mine is not None
    assert (mine.tenant, mine.user, mine.email) == (own, ada, "ada@example.com")
    assert subscriber_of_user(ada, own.slug) == mine
    settings.HUB = {**settings.HUB, "tenant": ""}
    assert subscriber_of_user(make_user("bob")) is None


def test_a_user_never_takes_over_somebody_elses_inbox(own: Tenant, settings: Any) -> None:
    """Names are given away again; with `user_id` set to one, the next Ada is not let in."""
    settings.HUB = {**settings.HUB, "user_id": "username"}
    first = make_user("ada")
    assert link(first)
    first.username = "ada-the-first"
    first.save()
    assert subscriber_of_user(make_user("ada")) is None


def test_a_saved_user_takes_the_subscriber_along_after_the_commit(own: Tenant) -> None:
    ada = make_user("ada")
    subscriber = link(ada)
    assert subscriber is not None
    with transaction.atomic():
        ada.first_name, ada.email = "Ada", "new@example.com"
        ada.save()
        subscriber.refresh_from_db()
        assert subscriber.email == "ada@example.com"
    subscriber.refresh_from_db()
    assert (subscriber.name, subscriber.email) == ("Ada", "new@example.com")


def test_only_when_it_is_asked_for_does_a_save_make_a_subscriber(own: Tenant, settings: Any) -> None:
    make_user("ada")
    assert not Subscriber.objects.exists()
    settings.HUB = {**settings.HUB, "sync_users": True}
    make_user("bob")
    assert Subscriber.objects.get().name == "bob"


def test_migrate_makes_the_own_tenant(db: None, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "tenant": "my-app"}
    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)
    assert Tenant.objects.get().slug == "my-app"
