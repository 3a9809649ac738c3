"""Everybody is told in their language: rendered once for all who read it, and a dead letter where it can't be."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest

import hub
from hub.audience.models import Subscriber
from hub.clock import now
from hub.content.models import Rendition
from hub.content.services import upsert_event_type
from hub.content.templates import delete_template, replace_template
from hub.content.versions import publish
from hub.fallback.models import Delivery
from hub.fallback.services import retry
from hub.inbox.selectors import Cursor, catch_up, list_items
from hub.inbox.services import mark
from hub.notifications import fan_out, languages
from hub.notifications.models import FanOut, Notification
from hub.tenancy.models import Tenant
from tests.support.deliveries import take
from tests.support.factories import make_subscriber

pytestmark = pytest.mark.django_db(transaction=True)

ORDER: dict[str, Any] = {
    "title": "Order {{ data.number }}",
    "actions": [{"key": "track", "label": "Track"}],
    "channels": {"email": {"subject": "Your order {{ data.number }}"}},
    "locales": {
        "pt": {"title": "Pedido {{ data.number }}", "channels": {"email": {"subject": "Seu pedido {{ data.number }}"}}},
        "de": {"title": "Bestellung {{ data.nummer }}"},
        "fr": {"channels": {"email": {"subject": "{{ data.numero }}"}}},
    },
}


@pytest.fixture
def order(tenant: Tenant) -> str:
    replace_template(tenant=tenant, key="order", **ORDER)
    publish(tenant=tenant, key="order", creator="code")
    upsert_event_type(tenant=tenant, key="order.new", ladder=[{"channel": "email", "after": 0}])
    return "order"


def reader(tenant: Tenant, locale: str, name: str = "") -> Subscriber:
    return make_subscriber(tenant, name or f"in-{locale}", locale=locale, email=f"{name}{locale}x@example.com")


def tell(tenant: Tenant, *readers: Subscriber, **fields: Any) -> Notification:
    to = [one.external_id for one in readers]
    wanted: dict[str, Any] = {"event": "order.new", "template": "order", "data": {"number": 7}}
    return hub.notify(tenant=tenant, to=to, **wanted | fields)


def title(subscriber: Subscriber) -> str:
    return str(orjson.loads(list_items(subscriber_id=subscriber.pk).items[0])["title"])


def test_everybody_reads_their_language(tenant: Tenant, order: str) -> None:
    readers = [reader(tenant, locale) for locale in ("pt-BR", "pt", "es", "")]
    tell(tenant, *readers)
    assert [title(one) for one in readers] == ["Pedido 7", "Pedido 7", "Order 7", "Order 7"]
    assert [row.locale for row in Rendition.objects.all()] == ["pt"]
    (caught,) = catch_up([(readers[0].pk, Cursor(readers[0].stream.epoch, 0))])
    assert caught is not None
    assert orjson.loads(caught.items[0][1])["title"] == "Pedido 7"


def test_the_default_layout_speaks_the_language_too(tenant: Tenant, order: str) -> None:
    words = {"html": "<u>{{ content }}</u>", "locales": {"pt": {"html": "<i>{{ content }}</i>"}}}
    replace_template(tenant=tenant, key="shop", kind="layout", **words)
    publish(tenant=tenant, key="shop", creator="code")
    Tenant.objects.filter(pk=tenant.pk).update(email_layout="shop")
    tenant.refresh_from_db()
    tell(tenant, reader(tenant, "pt"), reader(tenant, "en"))
    said = sorted(work.content["html"] for work in take().works)
    assert said[0].startswith('<i><div class="letter"><h1')
    assert "Pedido 7</h1>" in said[0]
    assert said[1].startswith('<u><div class="letter"><h1')


def test_a_language_is_rendered_once_however_many_read_it(tenant: Tenant, order: str, settings: Any) -> None:
    settings.HUB = settings.HUB | {"fan_out_batch": 2}
    readers = [reader(tenant, "pt", f"reader-{number}") for number in range(7)]
    with patch.object(languages, "render", wraps=languages.render) as rendered:
        tell(tenant, *readers)
    assert rendered.call_count == 1
    assert {title(one) for one in readers} == {"Pedido 7"}


def test_sockets_are_told_in_their_language(tenant: Tenant, order: str) -> None:
    readers = [reader(tenant, locale) for locale in ("pt", "en")]
    with patch("hub.live.publish") as told:
        tell(tenant, *readers)
    frames = {frame[0]: orjson.loads(frame[2]) for frame in told.call_args.args[0]}
    assert [frames[one.pk]["item"]["title"] for one in readers] == ["Pedido 7", "Order 7"]


def test_the_channel_says_its_own_words_in_the_language(tenant: Tenant, order: str) -> None:
    tell(tenant, reader(tenant, "pt-BR"), reader(tenant, "es"))
    said = {work.locale: work.content for work in take().works}
    assert (said["pt-BR"]["subject"], said["pt-BR"]["title"]) == ("Seu pedido 7", "Pedido 7")
    assert said["es"]["subject"] == "Your order 7"


def test_what_the_request_says_is_the_same_in_every_language(tenant: Tenant, order: str) -> None:
    subscriber = reader(tenant, "pt")
    tell(tenant, subscriber, title="Mine", overrides={"email": {"subject": "Ours"}})
    assert title(subscriber) == "Mine"
    assert take().works[0].content["subject"] == "Ours"


@pytest.mark.parametrize(
    ("locale", "shown", "variable"), [("de", "Order 7", "data.nummer"), ("fr", "Order 7", "data.numero")]
)
def test_a_missing_variable_is_a_dead_letter_with_its_name(
    tenant: Tenant, order: str, locale: str, shown: str, variable: str
) -> None:
    subscriber = reader(tenant, locale)
    tell(tenant, subscriber, reader(tenant, "pt"))
    assert title(subscriber) == shown
    batch = take()
    assert [work.locale for work in batch.works] == ["pt"]
    dead = Delivery.objects.get(subscriber=subscriber)
    assert (dead.state, dead.reason) == ("dead", "content")
    rendition = Rendition.objects.get(locale=locale)
    assert variable in str(rendition.problems)


def test_a_mended_template_revives_its_dead_letters(tenant: Tenant, order: str) -> None:
    subscriber = reader(tenant, "de")
    tell(tenant, subscriber)
    assert not take().works
    dead = Delivery.objects.get(state="dead")
    retry(tenant=tenant, delivery_id=dead.pk)
    assert not take().works
    replace_template(
        tenant=tenant, key="order", **ORDER | {"locales": {"de": {"title": "Bestellung {{ data.number }}"}}}
    )
    publish(tenant=tenant, key="order", creator="code")
    retry(tenant=tenant, delivery_id=Delivery.objects.get(state="dead").pk)
    assert [work.content["title"] for work in take().works] == ["Bestellung 7"]
    assert title(subscriber) == "Order 7"


def test_words_last_though_the_template_changes_or_goes(tenant: Tenant, order: str) -> None:
    subscriber = reader(tenant, "pt")
    tell(tenant, subscriber, send_at=now() + timedelta(hours=1))
    replace_template(tenant=tenant, key="order", title="Changed", locales={"pt": {"title": "Mudado"}})
    publish(tenant=tenant, key="order", creator="code")
    delete_template(tenant=tenant, key="order")
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 1
    assert title(subscriber) == "Pedido 7"


def test_an_action_of_the_language_can_be_taken(tenant: Tenant, order: str) -> None:
    locales = {"pt": {"title": "Pedido", "actions": [{"key": "acompanhar", "label": "Acompanhar"}]}}
    replace_template(tenant=tenant, key="order", title="Order", locales=locales)
    publish(tenant=tenant, key="order", creator="code")
    readers = [reader(tenant, locale) for locale in ("pt", "en")]
    tell(tenant, *readers)
    act = {"op": "act", "all": True, "upto": 1, "action": "acompanhar"}
    taken = [mark(subscriber_id=one.pk, request=act, origin="").changed for one in readers]
    assert taken == [1, 0]
