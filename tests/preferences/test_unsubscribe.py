"""Promise: one click stops the mails of a category for whom they were sent to, and nothing else does anything."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer, dumps
from django.test import Client

from hub.audience.models import Subscriber
from hub.preferences.models import Preference
from hub.preferences.unsubscribe import link_for
from hub.tenancy.models import Tenant

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path_for(subscriber: Subscriber, category: str = "offers") -> str:
    return urlsplit(link_for(subscriber.pk, category)).path


def switches(subscriber: Subscriber) -> Mapping[tuple[str, str], bool]:
    rows = Preference.objects.filter(subscriber=subscriber).values_list("category", "channel", "enabled")
    return {(category, channel): enabled for category, channel, enabled in rows}


def strict() -> Client:
    """One that is held to CSRF tokens."""
    return Client(enforce_csrf_checks=True)


def test_looking_changes_nothing(alice: Subscriber) -> None:
    for _ in range(2):
        page = strict().get(path_for(alice))
        assert (page.status_code, page["Cache-Control"], page["Referrer-Policy"]) == (200, "no-store", "no-referrer")
        assert b'<form method="post">' in page.content
        assert strict().head(path_for(alice)).status_code == 200
    assert not switches(alice)


def test_one_post_without_a_session_switches_the_category_off(alice: Subscriber, bob: Subscriber) -> None:
    for _ in range(2):
        page = strict().post(path_for(alice), ONE_CLICK, headers={"Origin": "https://mail.example"})
        assert page.status_code == 200
        assert b"no more mail about <strong>offers</strong>" in page.content
    assert switches(alice) == {("offers", "email"): False}
    assert not switches(bob)


def test_it_can_be_undone(alice: Subscriber) -> None:
    strict().post(path_for(alice), ONE_CLICK)
    assert b"mail again" in strict().post(path_for(alice), {"again": "1"}).content
    assert switches(alice) == {("offers", "email"): True}


def test_who_is_gone_can_still_click(alice: Subscriber) -> None:
    link = path_for(alice)
    alice.delete()
    for page in (strict().get(link), strict().post(link, ONE_CLICK)):
        assert page.status_code == 200
        assert b"no mail from here" in page.content
    assert not Preference.objects.exists()


def test_a_category_is_shown_as_text(alice: Subscriber) -> None:
    page = strict().get(path_for(alice, "<script>alert(1)</script>"))
    assert b"<script>" not in page.content
    assert "script-src" not in page["Content-Security-Policy"]


def test_the_page_shows_the_tenant(alice: Subscriber) -> None:
    branding = {
        "name": "A & <b>",
        "colour": "#ffd000",
        "logo_url": "https://a.example/l.png?a=1&b=2",
        "address": "York",
    }
    Tenant.objects.update(branding=branding | {"support_url": "https://a.example/help"})
    page = strict().get(path_for(alice))
    shown = page.content.decode()
    assert '<img src="https://a.example/l.png?a=1&amp;b=2" alt="A &amp; &lt;b&gt;"' in shown
    assert "A &amp; &lt;b&gt; sends you mail" in shown
    assert '<footer>York <a href="https://a.example/help">a.example/help</a></footer>' in shown
    (nonce,) = re.findall(r'<style nonce="([^"]+)">:root { --accent: #ffd000; --on-accent: #000000 }', shown)
    assert f"'nonce-{nonce}'" in page["Content-Security-Policy"]
    assert nonce not in strict().get(path_for(alice)).content.decode()


def test_a_link_of_another_make_is_not_found(alice: Subscriber) -> None:
    good = path_for(alice).rpartition("/")[2]
    payload, _, signature = good.rpartition(":")
    claim = [alice.pk.hex, "offers"]
    hostile = [
        *("x", "a:b", ":", "%00", "🙃", "x" * 5_000, payload, f"{payload}:", f":{signature}", good[:-1], good + "A"),
        f"{payload[:-2]}AA:{signature}",
        Signer(salt="another").sign_object(claim),
        Signer(key="another", salt="hub.unsubscribe").sign_object(claim),
        dumps(claim, salt="hub.unsubscribe"),
    ]
    before = path_for(alice).rpartition("/")[0]
    for token in hostile:
        for page in (strict().get(f"{before}/{token}"), strict().post(f"{before}/{token}", ONE_CLICK)):
            assert page.status_code in (400, 404), token[:50]
    assert not Preference.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method(alice: Subscriber, method: str) -> None:
    assert getattr(strict(), method)(path_for(alice)).status_code == 405
    assert not switches(alice)
