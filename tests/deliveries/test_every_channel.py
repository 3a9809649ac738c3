"""Promise: one notification reaches somebody on every channel that they have, through each provider's own protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from pytest_django import Settings

import hub
from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery
from hub.policy.ladder import CHANNELS
from project.demo.addresses import reach_everywhere
from project.emulators.accounts import accounts
from project.emulators.apns import Apns
from project.emulators.every import every
from project.emulators.recorder import Recorder
from project.emulators.serving import serving
from tests.deliveries.smtp_server import MailServer
from tests.support.deliveries import make_due

REACHED = {"fcm", "apns", "web_push", "twilio", "slack", "teams", "discord", "telegram", "chat_webhook"}


class Served(NamedTuple):
    recorder: Recorder
    url: str


@pytest.fixture
def served(tmp_path: Path, settings: Settings) -> Iterator[Served]:
    """Every emulator, and an account of the hub's with each."""
    recorder = Recorder()
    emulators = every(tmp_path, recorder)
    with serving(*emulators, folder=tmp_path):
        address = {isinstance(one, Apns): urlsplit(one.url) for one in emulators}
        ports = {"port": int(address[False].port or 0), "apns_port": int(address[True].port or 0)}
        settings.HUB = settings.HUB | {
            "providers": {"mail": {"kind": "django"}, **accounts(tmp_path, **ports)},
            "outbound_exempt": tuple(f"127.0.0.1:{port}" for port in ports.values()),
        }
        yield Served(recorder, f"http://127.0.0.1:{ports['port']}")


def test_one_notification_arrives_once_on_every_channel(alice: Subscriber, mail: MailServer, served: Served) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(phone="+12025550103")
    reach_everywhere(alice, emulators=served.url)
    with transaction.atomic():
        hub.notify(tenant=alice.tenant, to="alice", title="Your order is ready", body="Come by.", channels="all")
    make_due()
    for channel in CHANNELS:
        dispatch.dispatch(channel, "high")
    assert set(Delivery.objects.values_list("channel", "state")) == {(channel, "sent") for channel in CHANNELS}
    arrived = served.recorder.taken()
    assert sorted(message.provider for message in arrived) == sorted(REACHED)
    assert all(
        "Your order is ready" in f"{message.title} {message.body}" or message.channel == "sms" for message in arrived
    )
    assert all("Come by." in message.body for message in arrived)
    assert [message["Subject"] for message in mail.received] == ["Your order is ready"]
    assert Attempt.objects.count() == len(arrived) + 1
