"""Google's access tokens: one for all calls of an account, fetched once however many wait for it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials

from deliveries.providers.answers import LATER, fields_of, seconds_until
from deliveries.providers.errors import Ambiguous, Configuration, Throttled, Transient
from hub.outbound import Answer

_NONE = "there is no access token"
# what Google calls its own failures, whatever the status
_LATER = ("internal_failure", "server_error", "temporarily_unavailable")

Call = Callable[[str, str, Mapping[str, str], bytes | None], Coroutine[Any, Any, Answer]]


@dataclass(frozen=True, slots=True)
class _Response:
    """As google-auth wants it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class GoogleToken:
    """google-auth makes the request and reads the answer; `call` carries it, since the address is the tenant's choice."""

    def __init__(self, credentials: Credentials, call: Call) -> None:
        self._credentials, self._call = credentials, call
        self._fetching: asyncio.Task[str] | None = None
        self._bad = ""

    async def get(self) -> str:
        """Raises SendError: no message has left yet, so never Ambiguous."""
        token = self._credentials.token
        if token and token != self._bad and not self._credentials.expired:
            return str(token)
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        # who gives up waiting takes it from nobody else
        return await asyncio.shield(self._fetching)

    def forget(self, token: str) -> None:
        """The provider no longer takes it."""
        self._bad = token

    def _fetched(self, done: "asyncio.Task[str]") -> None:
        self._fetching = None
        if not done.cancelled():
            # looked at, as nobody may be waiting any more
            done.exception()

    async def _fetch(self) -> str:
        """In a thread, since google-auth signs and asks synchronously."""
        loop = asyncio.get_running_loop()

        def request(url: str, *, method: str, body: bytes, headers: Mapping[str, str]) -> _Response:
            calling = self._call(method, url, headers, body)
            return _usable(asyncio.run_coroutine_threadsafe(calling, loop).result())

        try:
            await asyncio.to_thread(self._credentials.refresh, request)
        except Ambiguous as error:
            raise Transient(error.code, _NONE) from error
        except (TypeError, ValueError, KeyError) as error:
            raise Transient("unreadable", _NONE) from error
        except GoogleAuthError as error:
            raise Configuration(type(error).__name__, "Google refused the service account") from error
        return str(self._credentials.token)


def _usable(answer: Answer) -> _Response:
    """What google-auth would ask for again by itself, sleeping in between, is the delivery's to repeat."""
    if answer.status >= 500 or answer.status in (408, 429) or fields_of(answer).get("error") in _LATER:
        retry_after = seconds_until(answer.headers.get("retry-after", ""))
        error = Throttled if answer.status in LATER else Transient
        raise error(str(answer.status), _NONE, retry_after=retry_after)
    return _Response(answer.status, answer.headers, answer.body)
