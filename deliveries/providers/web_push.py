"""Push to browsers, through whatever push service each of them has chosen: encrypted by pywebpush, signed by py_vapid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from http_ece import ECEException
from py_vapid import VapidException
from pywebpush import WebPusher, WebPushException

from deliveries.providers.base import Sent
from deliveries.providers.errors import AddressDead, Permanent
from deliveries.providers.http import HttpProvider
from deliveries.providers.push_payload import WEB_PUSH_LIMIT, fitted, push_of, web_push
from deliveries.providers.vapid import Vapid
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting


class WebPush(HttpProvider):
    """One pair of VAPID keys."""

    channel = "push"
    limits = {"bytes": WEB_PUSH_LIMIT}
    hosts_vary = True
    settings = (
        Setting("private_key", "The VAPID key: PEM, or base64url of its 32 bytes.", secret=True),
        Setting("subject", "Whom push services may write to: mailto: or https:."),
        Setting("public_key", "What browsers subscribe with; must fit the private one.", required=False),
    )
    # endpoints are chosen by strangers: where one sends us elsewhere, it is not our account that is wrong
    statuses = {404: AddressDead, 410: AddressDead, **dict.fromkeys(range(300, 400), Permanent)}
    blocked = Permanent

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._vapid = Vapid(self.needed("private_key"), self.needed("subject"), self.config.get("public_key", ""))
        self._session = _Session(self)

    async def deliver(self, work: Work) -> Sent:
        push = push_of(work)
        body = orjson.dumps(fitted(push, web_push, self.limits["bytes"]))
        headers = {"urgency": "high" if push.urgent else "low", "topic": push.collapse_id}
        posted = await self._post(work, body, headers, push.ttl)
        _, _, name = posted.headers.get("location", "").rpartition("/")
        return Sent(message_id=name, code=str(posted.status))

    async def _post(self, work: Work, body: bytes, headers: Mapping[str, str], ttl: int) -> Answer:
        endpoint = work.data.get("token", work.address)
        subscription = {"endpoint": endpoint, "keys": work.data.get("keys", {})}
        try:
            headers = {**headers, **self._vapid.headers(endpoint)}
            pusher = WebPusher(subscription, aiohttp_session=self._session)
            posted: Any = await pusher.send_async(body, headers, ttl=ttl)
        except (WebPushException, VapidException, ECEException, ValueError) as error:
            raise Permanent(type(error).__name__, "nothing can be encrypted for this subscription") from error
        answer: Answer = posted.answer
        return answer


@dataclass(frozen=True, slots=True)
class _Session:
    """What pywebpush takes for a session of aiohttp: the account's guarded client, with its own timeout."""

    provider: WebPush

    async def post(self, endpoint: str, *, data: bytes, headers: Mapping[str, str], timeout: object) -> "_Posted":  # noqa: ASYNC109
        return _Posted(await self.provider.call("POST", endpoint, headers=headers, body=data))


@dataclass(frozen=True, slots=True)
class _Posted:
    """The answer as pywebpush reads it."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    async def text(self) -> str:
        return ""
