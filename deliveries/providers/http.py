"""The base of every provider behind an HTTP API: one guarded client an account, and what its answers mean."""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from deliveries.providers.answers import LATER, meaning_of, seconds_until, text_of
from deliveries.providers.base import OneByOne
from deliveries.providers.errors import Ambiguous, Configuration, SendError, Throttled, Transient
from hub.conf import conf
from hub.outbound import Answer, Blocked, Outbound, OutboundError
from hub.providers.accounts import Account
from hub.providers.settings import Setting

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
API_URL = Setting("url", "The API's address, if it is not the provider's own.", type="url", required=False)


def basic(user: str, password: str) -> dict[str, str]:
    """The header that says who is asking (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


class HttpProvider(OneByOne):
    """Say in `codes` and `statuses` what this provider means by them, and in `code_of` where it writes its codes."""

    # the provider's own code → what it means
    codes: ClassVar[Mapping[str, type[SendError]]] = {}
    # a status → what it means here, where that is not what it means everywhere
    statuses: ClassVar[Mapping[int, type[SendError]]] = {}
    # an address that the hub does not call
    blocked: ClassVar[type[SendError]] = Configuration

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._client: Outbound | None = None
        self._calls = 0
        self._closed = False

    def base(self, usual: str) -> str:
        """Where the API is: `usual`, unless the account says otherwise."""
        return str(self.config.get("url") or usual)

    async def post_json(self, url: str, content: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """`call` with JSON."""
        return await self.call("POST", url, headers={**JSON, **(headers or {})}, body=orjson.dumps(content))

    async def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """`call` with a form."""
        return await self.call("POST", url, headers={**FORM, **(headers or {})}, body=urlencode(fields).encode())

    async def call(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to one call, a 2xx, within `provider_timeout`. Raises SendError for any other and for none."""
        answer = await self._call(method, url, headers, body)
        if 200 <= answer.status < 300:
            return answer
        raise self.refused(answer)

    def refused(self, answer: Answer) -> SendError:
        """What an answer that is no yes means: `later` first, then the provider's own code, then its status. A 2xx that says
        nothing is Ambiguous."""
        code = self.code_of(answer)
        meaning = self.codes.get(code) or self.statuses.get(answer.status) or meaning_of(answer.status)
        if answer.status in LATER:
            meaning = Throttled
        retry_after = self.retry_after(answer) if meaning is Throttled else None
        return meaning(code or str(answer.status), text_of(answer), retry_after=retry_after)

    def code_of(self, answer: Answer) -> str:
        """The provider's own code for what went wrong; empty where it gives none."""
        return ""

    def retry_after(self, answer: Answer) -> float | None:
        """In how many seconds it wants to be asked again; None where it doesn't say."""
        return seconds_until(answer.headers.get("retry-after", ""))

    async def close(self) -> None:
        """Once the last call has ended: what is under way is answered still."""
        self._closed = True
        if not self._calls:
            await self._hang_up()

    async def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self._calls += 1
        try:
            client = await self._opened()
            return await client.request(method, url, headers=headers, body=body, timeout=conf.provider_timeout)
        except Blocked as error:
            raise self.blocked("blocked", error.message) from error
        except OutboundError as error:
            # not its text: that may hold the URL, and with some providers the URL holds a secret
            code = type(error.__cause__ or error).__name__
            raise (Ambiguous if error.sent else Transient)(code) from error
        finally:
            self._calls -= 1
            if self._closed and not self._calls:
                await self._hang_up()

    async def _opened(self) -> Outbound:
        if self._client is None:
            self._client = await Outbound(connections=self.concurrency).__aenter__()
        return self._client

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.__aexit__(None, None, None)
