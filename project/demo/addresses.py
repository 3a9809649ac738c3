"""Somebody who can be reached everywhere: a device of every platform, an address in every chat, all of the emulators."""

from typing import Any

from hub.audience.models import Subscriber
from hub.chat.services import set_address
from hub.devices.services import register
from project.emulators.web_push import subscription


def reach_everywhere(subscriber: Subscriber, *, emulators: str) -> None:
    """`emulators`: their address. Doing it again changes nothing."""
    browser = subscription(f"{emulators}/web_push", "carols-laptop")
    devices: list[dict[str, Any]] = [
        {"external_id": "phone", "platform": "fcm", "token": "carols-android-phone", "name": "Phone"},
        {"external_id": "tablet", "platform": "apns", "token": "ca" * 32, "name": "Tablet"},
        {"external_id": "laptop", "platform": "web_push", "subscription": browser, "name": "Laptop"},
    ]
    for device in devices:
        register(subscriber=subscriber, **device)
    chats = {
        "slack": "C024BE91L",
        "teams": f"{emulators}/teams/workflows/carol",
        "discord": f"{emulators}/discord/api/webhooks/100000000000000001/emulated",
        "telegram": "1000042",
        "chat_webhook": f"{emulators}/chat_webhook/carol",
    }
    for kind, address in chats.items():
        set_address(subscriber=subscriber, kind=kind, address=address)
