"""Accounts with the emulators of push, and what is pushed through them."""

import asyncio
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deliveries.providers.base import Provider, Receipt, Withdraws
from deliveries.providers.errors import SendError
from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.fallback.withdrawals import Withdrawal
from hub.fallback.work import Work
from hub.loop import run
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from project.emulators.apns import KEY_ID, TEAM_ID, Apns
from project.emulators.fcm import Fcm
from project.emulators.keys import pem_of
from project.emulators.recorder import Recorder
from project.emulators.web_push import WebPush
from tests.support.devices import apns_token, fcm_token, make_device
from tests.support.works import make_work

DEVICE = "ab" * 32
VAPID = pem_of(generate_private_key(SECP256R1()))
SUBJECT = "mailto:hub@example.com"
Emulators = Fcm | Apns


class Phones:
    """Everybody's emulators, on one record."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.fcm, self.apns, self.web_push = (kind(self.recorder) for kind in (Fcm, Apns, WebPush))


def own_devices(phones: Phones, subscriber: Subscriber) -> list[Device]:
    """One of each platform: `android`, `iphone` and `browser`."""
    android = make_device(subscriber, "android", token=fcm_token())
    iphone = make_device(subscriber, "iphone", platform="apns", token=apns_token())
    browser = make_device(
        subscriber, "browser", platform="web_push", token=None, subscription=phones.web_push.subscribe()
    )
    return [android, iphone, browser]


def account(kind: str, config: dict[str, Any]) -> Account:
    return Account(f"hub.{kind}", kind, kind, "push", 1, config)


def fcm_account(fcm: Fcm) -> Account:
    return account("fcm", {"service_account": fcm.service_account(), "url": fcm.url})


def apns_account(apns: Apns, **config: Any) -> Account:
    known = {"key": apns.mint_key(), "key_id": KEY_ID, "team_id": TEAM_ID, "topic": "com.example"}
    return account("apns", known | {"url": apns.url, "ca_file": str(apns.certificate)} | config)


def web_push_account() -> Account:
    return account("web_push", {"private_key": VAPID, "subject": SUBJECT})


def make(account: Account) -> Provider:
    provider: Provider = kind_class(account.kind)(account)
    return provider


def push_work(account: Account, token: str = DEVICE, content: dict[str, Any] | None = None, **fields: Any) -> Work:
    data = {"platform": account.kind, "token": token, "external_id": "phone", "keys": {}} | fields.pop("data", {})
    return make_work(content, account=account, address="01932d3f", data=data, **fields)


def subscribed(account: Account, subscription: dict[str, Any], content: dict[str, Any] | None = None) -> Work:
    """A work to a browser."""
    return push_work(account, subscription["endpoint"], content, data={"keys": subscription["keys"]})


def push(account: Account, *works: Work) -> list[Receipt]:
    """All at once, through one provider."""
    return push_through(make(account), *works)


def push_through(provider: Provider, *works: Work, keep: bool = False) -> list[Receipt]:
    async def sent() -> list[Receipt]:
        found = await asyncio.gather(*(provider.send([work]) for work in works))
        if not keep:
            await provider.close()
        return [receipt for receipts in found for receipt in receipts]

    return run(sent(), timeout=60)


def withdraw(*withdrawals: Withdrawal) -> list[Receipt]:
    """One after the other, through one provider of the first one's account."""

    async def told() -> list[Receipt]:
        provider = make(withdrawals[0].account)
        assert isinstance(provider, Withdraws)
        receipts = [await _receipt(provider, one) for one in withdrawals]
        await provider.close()
        return receipts

    return run(told(), timeout=60)


async def _receipt(provider: Withdraws, withdrawal: Withdrawal) -> Receipt:
    try:
        return await provider.withdraw(withdrawal)
    except SendError as error:
        return error


def aps_of(message: Any) -> dict[str, Any]:
    asked = message.asked if isinstance(message.asked, dict) else json.loads(message.asked)
    aps: dict[str, Any] = asked["aps"]
    return aps
