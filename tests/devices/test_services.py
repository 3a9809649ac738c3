"""A token has one owner: whoever registered it last. What became of a device is on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.clock import now
from hub.devices import services
from hub.devices.models import Device
from hub.devices.selectors import push_targets
from hub.devices.services import deactivate, deactivate_gone, deactivate_stale, remove
from hub.exceptions import InvalidRequest, NotFound
from hub.history import LENGTH, Gone
from hub.rows import ask
from hub.tenancy.models import Tenant
from tests.support.devices import apns_token, fcm_token, make_device, subscription


def story(device: Device) -> list[tuple[str, str]]:
    device.refresh_from_db()
    return [(entry["what"], entry["reason"]) for entry in device.history]


def test_registering_again_refreshes(alice: Subscriber) -> None:
    token = fcm_token()
    first = make_device(alice, "phone", token=token, name="Old")
    again = make_device(alice, "phone", token=token, app="com.example")
    assert again.pk == first.pk
    assert again.refreshed_at > first.refreshed_at
    assert (again.name, again.app) == ("", "com.example")
    assert story(again) == [("registered", "")]


def test_a_new_token_takes_the_place_of_the_old(alice: Subscriber) -> None:
    make_device(alice, "phone")
    token = fcm_token()
    device = make_device(alice, "phone", token=token)
    assert device.token == token
    assert story(device) == [("registered", ""), ("token_changed", "")]
    assert [target.token for target in ask(push_targets([alice.pk]))[alice.pk]] == [token]


def test_a_token_moves_with_who_signs_in(alice: Subscriber, bob: Subscriber) -> None:
    token = fcm_token()
    hers = make_device(alice, "phone", token=token)
    his = make_device(bob, "phone", token=token)
    assert story(hers) == [("registered", ""), ("deactivated", "moved")]
    assert hers.reason == "moved"
    assert ask(push_targets([alice.pk, bob.pk])).keys() == {bob.pk}
    make_device(alice, "phone", token=token)
    assert story(hers)[-1] == ("registered", "")
    assert story(his)[-1] == ("deactivated", "moved")


def test_a_token_moves_with_a_new_installation(alice: Subscriber) -> None:
    token = fcm_token()
    old, new = make_device(alice, "first", token=token), make_device(alice, "second", token=token)
    assert story(old)[-1] == ("deactivated", "moved")
    assert [target.device_id for target in ask(push_targets([alice.pk]))[alice.pk]] == [new.pk]


def test_another_tenants_token_is_not_ours(alice: Subscriber, charlie: Subscriber) -> None:
    token = fcm_token()
    hers = make_device(alice, "phone", token=token)
    make_device(charlie, "phone", token=token)
    assert story(hers) == [("registered", "")]


def test_many_who_register_one_token_at_once_end_with_one_owner(alice: Subscriber, bob: Subscriber) -> None:
    tokens = [fcm_token(), fcm_token()]

    def swap(turn: int) -> None:
        who = (alice, bob)[turn % 2]
        make_device(who, f"phone-{turn % 3}", token=tokens[turn // 2 % 2])

    at_once(swap, 60)
    assert sorted(Device.objects.filter(deactivated_at=None).values_list("digest", flat=True)) == sorted(
        set(Device.objects.filter(deactivated_at=None).values_list("digest", flat=True))
    )
    assert 1 <= Device.objects.filter(deactivated_at=None).count() <= 2
    targets = ask(push_targets([alice.pk, bob.pk]))
    assert sorted(target.token for of_one in targets.values() for target in of_one) == sorted(
        {target.token for of_one in targets.values() for target in of_one}
    )


def test_two_who_swap_tokens_at_once_take_turns(alice: Subscriber, bob: Subscriber) -> None:
    """Each takes the token that the other has, and lets go of their own."""
    one, other = fcm_token(), fcm_token()

    def swap(turn: int) -> None:
        who, token = ((alice, one), (bob, other), (alice, other), (bob, one))[turn % 4]
        make_device(who, "phone", token=token)

    at_once(swap, 80)
    assert Device.objects.count() == 2


def test_registering_while_being_erased(alice: Subscriber, bob: Subscriber, tenant: Tenant) -> None:
    token = fcm_token()

    def meet(turn: int) -> None:
        if turn == 20:
            erase_subscriber(tenant=tenant, external_id="alice")
        else:
            make_device((alice, bob)[turn % 2], "phone", token=token)

    at_once(meet, 40, but=NotFound)
    assert not Device.objects.filter(subscriber_id=alice.pk).exists()
    with pytest.raises(NotFound):
        make_device(alice, "phone")


def test_the_oldest_gives_way(alice: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ACTIVE", 3)
    first, *others = [make_device(alice) for _ in range(3)]
    make_device(alice, first.external_id, token=first.token)
    make_device(alice)
    assert story(others[0])[-1] == ("deactivated", "too_many")
    assert story(first) == [("registered", "")]
    assert len(ask(push_targets([alice.pk]))[alice.pk]) == 3


def test_no_more_are_remembered_than_can_be_shown(alice: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ACTIVE", 2)
    monkeypatch.setattr(services, "MOST_KNOWN", 4)
    made = [make_device(alice) for _ in range(7)]
    assert set(Device.objects.all()) == set(made[-4:])
    assert len(ask(push_targets([alice.pk]))[alice.pk]) == 2


def test_a_history_is_bounded(alice: Subscriber) -> None:
    for _ in range(LENGTH + 5):
        device = make_device(alice, "phone")
    assert len(story(device)) == LENGTH
    assert set(story(device)) == {("token_changed", "")}


def test_the_providers_word_ends_it(alice: Subscriber) -> None:
    lost, kept = make_device(alice), make_device(alice)
    assert deactivate_gone([Gone(lost.pk, now(), "UNREGISTERED")]) == 1
    assert deactivate_gone([Gone(lost.pk, now(), "UNREGISTERED")]) == 0
    assert [target.device_id for target in ask(push_targets([alice.pk]))[alice.pk]] == [kept.pk]
    lost.refresh_from_db()
    assert lost.history[-1]["word"] == "UNREGISTERED"
    assert (lost.reason, lost.deactivated_at is None) == ("unregistered", False)


def test_a_word_about_what_was_before_counts_no_more(alice: Subscriber) -> None:
    device = make_device(alice, "phone")
    sent_at = now()
    make_device(alice, "phone")
    assert deactivate_gone([Gone(device.pk, sent_at, "UNREGISTERED")]) == 0
    assert ask(push_targets([alice.pk]))


def test_only_what_nobody_refreshes_goes_stale(alice: Subscriber) -> None:
    fresh, stale = make_device(alice), make_device(alice)
    apple = make_device(alice, platform="apns", token=apns_token())
    Device.objects.exclude(pk=fresh.pk).update(refreshed_at=now() - timedelta(days=271))
    assert deactivate_stale() == 1
    assert story(stale)[-1] == ("deactivated", "stale")
    assert story(apple) == story(fresh) == [("registered", "")]
    make_device(alice, stale.external_id, token=stale.token)
    assert deactivate_stale() == 0


def test_an_operator_lets_go_of_a_tenants_own(alice: Subscriber, charlie: Subscriber) -> None:
    hers, theirs = make_device(alice), make_device(charlie)
    chosen = [hers.pk, theirs.pk]
    assert deactivate(tenant_id=alice.tenant_id, device_ids=chosen, reason=Device.Reason.OPERATOR) == 1
    assert story(theirs) == [("registered", "")]


def test_removing_is_done_once_and_undone_by_registering(alice: Subscriber, bob: Subscriber) -> None:
    device = make_device(alice, "phone")
    for _ in range(2):
        remove(subscriber=alice, external_id="phone")
    assert story(device) == [("registered", ""), ("deactivated", "removed")]
    with pytest.raises(NotFound):
        remove(subscriber=bob, external_id="phone")
    make_device(alice, "phone", token=device.token)
    assert ask(push_targets([alice.pk]))


def test_what_a_push_needs_is_read_in_one_query(
    alice: Subscriber, bob: Subscriber, django_assert_num_queries: Any
) -> None:
    browser = subscription()
    make_device(alice, platform="web_push", token=None, subscription=browser, locale="de")
    make_device(bob, platform="apns", token=apns_token(), environment="sandbox", app="com.example")
    with django_assert_num_queries(1):
        targets = ask(push_targets([alice.pk, bob.pk]))
    (web,), (apple,) = targets[alice.pk], targets[bob.pk]
    assert (web.token, web.keys, web.locale) == (browser["endpoint"], browser["keys"], "de")
    assert (apple.environment, apple.app, apple.keys) == ("sandbox", "com.example", {})


def test_tokens_are_encrypted_at_rest(alice: Subscriber) -> None:
    browser = subscription()
    token = make_device(alice).token
    make_device(alice, platform="web_push", token=None, subscription=browser)
    with connection.cursor() as db:
        db.execute("SELECT string_agg(d::text, ' ') FROM hub_device d")
        rows = db.fetchone()[0]
    for secret in (token, browser["endpoint"], browser["keys"]["p256dh"], browser["keys"]["auth"]):
        assert secret not in rows


@pytest.mark.parametrize("external_id", ["", "x" * 129, "a\nb", "\0"])
def test_an_id_is_checked(alice: Subscriber, external_id: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.register(subscriber=alice, external_id=external_id, platform="fcm", token=fcm_token())
    assert refusal.value.errors[0].field == "device"


@pytest.mark.parametrize("app", ["com.example shop", "com.exämple", ":path", ".com", "com/example"])
def test_what_apns_would_get_as_a_header_is_a_bundle_id(alice: Subscriber, app: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        make_device(alice, platform="apns", token=apns_token(), app=app)
    assert refusal.value.errors[0].field == "app"
    assert make_device(alice, platform="apns", token=apns_token(), app="com.example.shop-2.voip").app
    assert make_device(alice, app=app).app == app


def at_once(job: Callable[[int], None], times: int, but: type[Exception] = NotFound) -> None:
    def run(turn: int) -> None:
        try:
            job(turn)
        except but:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(run, turn) for turn in range(times)]:
            done.result()
