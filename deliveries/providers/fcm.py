"""Push through Firebase Cloud Messaging: pyfcm's client, on the account's own HTTP client."""

import re
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any

import orjson
from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials
from pyfcm import FCMNotification
from requests.adapters import HTTPAdapter

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent, Withdraws
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, Permanent, Transient, Unfit
from deliveries.providers.http import API_URL, JSON, HttpProvider
from deliveries.providers.oauth import GoogleToken
from deliveries.providers.push_payload import FCM_LIMIT, fcm, fcm_withdrawal, fitted, push_of
from hub.fallback.withdrawals import Withdrawal
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

SCOPES = ["https://www.googleapis.com/auth/firebase.messaging"]
_PROJECT = re.compile(r"[a-z0-9.:-]{1,100}")
_EXPIRED = "ACCESS_TOKEN_EXPIRED"


class Fcm(HttpProvider, Withdraws):
    """One project of Firebase."""

    channel = "push"
    limits = {"bytes": FCM_LIMIT}
    settings = (
        Setting("service_account", "What Google gives out as service-account.json.", type="object", secret=True),
        API_URL,
    )
    # by Google's list of error codes: only the first says that nobody is there
    codes = {
        "UNREGISTERED": AddressDead,
        "SENDER_ID_MISMATCH": Unfit,
        "THIRD_PARTY_AUTH_ERROR": Configuration,
        "INVALID_ARGUMENT": Permanent,
        _EXPIRED: Transient,
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._credentials = credentials_of(self.config.get("service_account"))
        self._token = GoogleToken(self._credentials, self._call)
        self._client_of_fcm = Client(self._credentials, self._post, base=self.config.get("url", ""))

    async def deliver(self, work: Work) -> Sent:
        message = fitted(push_of(work), fcm, self.limits["bytes"])
        sending: Awaitable[Sent] = self._client_of_fcm.notify(
            fcm_token=work.data.get("token", work.address),
            notification_title=message["notification"].get("title"),
            notification_body=message["notification"].get("body"),
            notification_image=message["notification"].get("image"),
            data_payload=message["data"],
            android_config=message["android"],
            apns_config=message["apns"],
            webpush_config=message["webpush"],
        )
        return await sending

    async def withdraw(self, withdrawal: Withdrawal) -> Sent:
        message = fcm_withdrawal(withdrawal)
        sending: Awaitable[Sent] = self._client_of_fcm.notify(
            fcm_token=withdrawal.device.token,
            data_payload=message["data"],
            android_config=message["android"],
            apns_config=message["apns"],
        )
        return await sending

    def code_of(self, answer: Answer) -> str:
        """Of FCM's own errors, or of Google's front door."""
        error = fields_of(answer).get("error")
        details = error.get("details") if isinstance(error, dict) else None
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, dict) and (code := detail.get("errorCode") or detail.get("reason")):
                return str(code)
        return ""

    async def _post(self, url: str, payload: bytes) -> Answer:
        token = await self._token.get()
        headers = {**JSON, "Authorization": f"Bearer {token}"}
        try:
            return await self.call("POST", url, headers=headers, body=payload)
        except Transient as error:
            if error.code == _EXPIRED:
                self._token.forget(token)
            raise


class Client(FCMNotification):
    """pyfcm's own, but for what it does with the wire: there it would block, sleep, retry, and lose the answer's words.

    `notify` gives an awaitable of Sent.
    """

    def __init__(self, credentials: Credentials, post: Any, *, base: str) -> None:
        # the adapter is for whatever should find a way round `post`: it must not repeat anything
        super().__init__(credentials=credentials, project_id=credentials.project_id, adapter=HTTPAdapter(max_retries=0))
        self._post = post
        if base:
            self.FCM_END_POINT_BASE = f"{base.rstrip('/')}/v1/projects"

    def json_dumps(self, data: Any) -> bytes:
        """As compact as pyfcm's own."""
        return orjson.dumps(data)

    def send_request(self, payload: bytes | None = None, timeout: float | None = None) -> Coroutine[Any, Any, Answer]:
        """`timeout` is the account's own affair."""
        answering: Coroutine[Any, Any, Answer] = self._post(self.fcm_end_point, payload)
        return answering

    async def parse_response(self, response: Awaitable[Answer]) -> Sent:
        answer = await response
        name = fields_of(answer).get("name")
        if not isinstance(name, str):
            raise Ambiguous(str(answer.status), "the answer is not FCM's")
        return Sent(message_id=name, code=str(answer.status))


def credentials_of(given: Mapping[str, str] | str | None) -> Credentials:
    """Raises Configuration for what is no service account of a project."""
    try:
        info = dict(orjson.loads(given) if isinstance(given, str) else given or {})
        made: Credentials = Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, GoogleAuthError) as error:
        # not its text, which may quote the key
        raise Configuration("service_account", "this is not what Google gives out as service-account.json") from error
    if not _PROJECT.fullmatch(made.project_id or ""):
        raise Configuration("service_account", "it names no project")
    return made
