"""Push through Apple's service: aioapns's client, over connections that bear what its own can't."""

import re
import ssl
from typing import Any

from aioapns import APNs, NotificationRequest, PushType
from aioapns.common import PRIORITY_HIGH, PRIORITY_NORMAL, NotificationResult
from aioapns.connection import APNsDevelopmentClientProtocol, APNsProductionClientProtocol
from aioapns.exceptions import ConnectionClosed
from yarl import URL

from deliveries.providers.apns_errors import EXPIRED, refusal
from deliveries.providers.apns_pool import ConnectionPool
from deliveries.providers.apns_protocol import StreamLost, Unsent
from deliveries.providers.apns_token import ProviderToken
from deliveries.providers.base import OneByOne, Sent, Withdraws
from deliveries.providers.errors import Ambiguous, Configuration, Permanent, Transient
from deliveries.providers.push_payload import APNS_LIMIT, Push, apns, apns_withdrawal, fitted, push_of
from hub.conf import conf
from hub.content.push import LONGEST_TTL
from hub.fallback.withdrawals import Withdrawal
from hub.fallback.work import Work
from hub.providers.accounts import Account
from hub.providers.settings import Setting

SERVERS = {
    "production": APNsProductionClientProtocol.APNS_SERVER,
    "sandbox": APNsDevelopmentClientProtocol.APNS_SERVER,
}
_NEEDED = ("key", "key_id", "team_id", "topic")
_DEVICE_TOKEN = re.compile(r"[0-9a-fA-F]{64,512}")


class Apns(OneByOne, Withdraws):
    """One signing key of a team. A device says whether it is reached in the sandbox, and by which app."""

    channel = "push"
    limits = {"bytes": APNS_LIMIT}
    settings = (
        Setting("key", "The text of the .p8 file.", secret=True),
        Setting("key_id", "The key's id, of 10 characters."),
        Setting("team_id", "The team's id, of 10 characters."),
        Setting("topic", "The app's bundle id, for devices that name none."),
        Setting("url", "An emulator, as `outbound_exempt` lets in.", type="url", required=False),
        Setting("ca_file", "Of an emulator: the file of the certificate that it shows.", required=False),
    )

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        key, key_id, team_id, _ = (self.needed(name) for name in _NEEDED)
        self._token = ProviderToken(key, key_id, team_id)
        self._emulator = _emulator(account)
        self._clients: dict[str, Client] = {}

    async def deliver(self, work: Work) -> Sent:
        return await self._sent(_request(work, push_of(work)), str(work.data.get("environment", "production")))

    async def withdraw(self, withdrawal: Withdrawal) -> Sent:
        return await self._sent(_silent_request(withdrawal), withdrawal.device.environment)

    async def close(self) -> None:
        for client in self._clients.values():
            client.pool.close()

    async def _sent(self, request: NotificationRequest, environment: str) -> Sent:
        result = await self._send(request, environment)
        if result.is_successful:
            return Sent(message_id=result.notification_id, code=result.status)
        if result.description == EXPIRED:
            self._token.renew()
        raise refusal(result)

    async def _send(self, request: NotificationRequest, environment: str) -> NotificationResult:
        try:
            return await self._client(environment).send_notification(request)
        except Unsent as error:
            raise Transient(str(error)) from error
        except (StreamLost, ConnectionClosed, TimeoutError) as error:
            raise Ambiguous(type(error).__name__) from error

    def _client(self, environment: str) -> "Client":
        """Made on the loop that it is used on."""
        if environment not in self._clients:
            host, port = self._emulator or (SERVERS.get(environment, SERVERS["production"]), 443)
            self._clients[environment] = Client(self.account, self._token, host, port)
        return self._clients[environment]


class Client(APNs):
    """aioapns's own, on our pool."""

    def __init__(self, account: Account, token: ProviderToken, host: str, port: int) -> None:
        tls = ssl.create_default_context(cafile=account.config.get("ca_file"))
        tls.set_alpn_protocols(["h2"])
        options: dict[str, Any] = {name: account.config[name] for name in _NEEDED}
        super().__init__(**options, ssl_context=tls, err_func=_judged_elsewhere)
        self.pool = ConnectionPool(host=host, port=port, token=token, ssl_context=tls, **options)


async def _judged_elsewhere(request: NotificationRequest, result: NotificationResult) -> None:
    """Instead of a line in the log for every refusal."""


def _request(work: Work, push: Push) -> NotificationRequest:
    return NotificationRequest(
        device_token=_checked(work.data.get("token", work.address)),
        message=fitted(push, apns, APNS_LIMIT),
        # the same for every attempt
        notification_id=str(work.destination_id),
        time_to_live=push.ttl,
        priority=PRIORITY_HIGH if push.urgent else PRIORITY_NORMAL,  # type: ignore[arg-type]  # aioapns's own constants
        collapse_key=push.collapse_id,
        push_type=PushType.ALERT,
        apns_topic=work.data.get("app") or None,
    )


def _silent_request(withdrawal: Withdrawal) -> NotificationRequest:
    """Without a collapse id: what it takes back is not what the one before did."""
    return NotificationRequest(
        device_token=_checked(withdrawal.device.token),
        message=apns_withdrawal(withdrawal),
        time_to_live=LONGEST_TTL,
        priority=PRIORITY_NORMAL,  # type: ignore[arg-type]  # aioapns's own constants
        push_type=PushType.BACKGROUND,
        apns_topic=withdrawal.device.app or None,
    )


def _checked(token: str) -> str:
    if not _DEVICE_TOKEN.fullmatch(token):
        raise Permanent("BadDeviceToken", "this is no device token")
    return token


def _emulator(account: Account) -> tuple[str, int] | None:
    """aioapns connects by itself, past the guarded client, so only to Apple or where the hub's operator lets it.

    Raises Configuration.
    """
    if not account.config.get("url"):
        return None
    url = URL(account.config["url"])
    if f"{url.host}:{url.port}" not in conf.outbound_exempt:
        raise Configuration("url", "only an emulator that the hub's own settings let in may take Apple's place")
    return str(url.host), int(url.port or 443)
