"""The admin's lists: they go on by key, look back a bounded way, and find what is searched."""

import re
from pathlib import Path

import pytest
from django.test import Client

from hub.audience.models import Subscriber
from hub.audience.topics import upsert_topic
from hub.fallback.models import Delivery
from hub.tenancy.models import Tenant
from tests.api.client import commits
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber, send

pytestmark = commits


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


def test_dead_letters_by_cause(browser: Client, alice: Subscriber, bob: Subscriber) -> None:
    dead = [owe(who, state="dead", reason="address_dead") for who in (alice, alice, bob)]
    other = owe(bob, state="dead", reason="ambiguous")
    page = browser.get("/admin/hub/deadletter/").content.decode()
    assert "email · address_dead" in page
    assert "<td>3</td>" in page
    form = {"action": "send_cause_again", "_selected_action": [str(dead[0].pk)]}
    asked = browser.post("/admin/hub/deadletter/", form)
    assert "acme, email · address_dead: 3" in asked.content.decode()
    form["confirmed"] = "yes"
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
