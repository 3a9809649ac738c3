"""Accounts with the emulators of push, and what is pushed through them."""

import asyncio
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deliveries.providers.base import Provider, Receipt
from hub.fallback.work import Work
from hub.loop import run
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from project.emulators.apns import KEY_ID, TEAM_ID, Apns
from project.emulators.fcm import Fcm
from project.emulators.keys import pem_of
from tests.support.works import make_work

DEVICE = "ab" * 32
VAPID = pem_of(generate_private_key(SECP256R1()))
SUBJECT = "mailto:hub@example.com"
Emulators = Fcm | Apns


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


def aps_of(message: Any) -> dict[str, Any]:
    asked = message.asked if isinstance(message.asked, dict) else json.loads(message.asked)
    aps: dict[str, Any] = asked["aps"]
    return aps
