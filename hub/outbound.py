"""The one way out to addresses that tenants choose: https to public addresses, bounded, and no redirects.

A name is resolved here, every address that it has is checked, and the connection goes to the address that was checked.
"""

import ipaddress
import math
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from hub.conf import conf
from hub.exceptions import InvalidRequest
from hub.loop import run

MAX_URL = 2_000
_CHUNK = 16 * 1024
_UNFIT = re.compile(r"[\x00-\x20\x7f]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Nobody's on the internet, though not every Python that we run on says so: protocols of the IETF's own (a cloud keeps its
# machines' secrets there), Teredo, documentation, segment routing, and NAT64 of a network's own.
_NOBODYS = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "2001::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48")
)
# more than the client's own limit, which says better what went wrong
GRACE = 1.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundError(Exception):
    """No answer. `sent`: the request may have arrived all the same."""

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent


class Blocked(OutboundError):
    """The hub does not call this address, and never will as it is set up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, redirects and errors included. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """A client for any number of requests, on the event loop it was opened on: `async with Outbound() as client`."""

    def __init__(self, *, connections: int = 100) -> None:
        self._connections = connections

    async def __aenter__(self) -> "Outbound":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Resolver(), use_dns_cache=False, limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109  the whole call, connecting and reading included
        max_bytes: int = 64 * 1024,
        cut: bool = False,
    ) -> Answer:
        """Raises OutboundError: no answer within `timeout` seconds and `max_bytes`. A redirect is an answer.

        `cut`: the beginning is enough of a body that has more.
        """
        check_url(url)
        try:
            # timeouts as exact as they are: rounded up to whole seconds, hundreds would end in one turn of the loop
            async with self._session.request(
                method,
                URL(url),
                headers={"Accept-Encoding": "identity", **(headers or {})},
                data=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout, ceil_threshold=math.inf),
            ) as response:
                received = await _read(response, max_bytes, cut=cut)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, names, received)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise OutboundError(f"{URL(url).host} can't be reached: {error}") from error
        except ValueError as error:
            raise OutboundError(f"This can't be sent: {error}") from error
        except TimeoutError as error:
            raise OutboundError(f"No whole answer within {timeout:g} s.", sent=True) from error
        except aiohttp.ClientError as error:
            raise OutboundError(f"{type(error).__name__}: {error}", sent=True) from error


def fetch(url: str, *, timeout: float = 10.0, max_bytes: int = 64 * 1024) -> Answer:
    """GET for code that is not asynchronous; it waits. Raises OutboundError."""

    async def get() -> Answer:
        async with Outbound(connections=1) as client:
            return await client.request("GET", url, timeout=timeout, max_bytes=max_bytes)

    try:
        return run(get(), timeout=timeout + GRACE)
    except TimeoutError as error:
        raise OutboundError(f"No whole answer within {timeout:g} s.", sent=True) from error


def check_url(url: str) -> None:
    """Raises Blocked for what can be told from the URL alone: no https, credentials, an address that isn't public."""
    try:
        parts = URL(url)
        host, port = parts.host, parts.port
    except ValueError as error:
        raise Blocked("This is not a URL.") from error
    if len(url) > MAX_URL or not host or not port or _UNFIT.search(url):
        raise Blocked("This is not a URL.")
    if parts.scheme not in ("http", "https") or parts.user is not None or parts.password is not None:
        raise Blocked("The URL must be https, without a user and a password.")
    if _is_exempt(host, port):
        return
    if parts.scheme != "https":
        raise Blocked("The URL must be https.")
    if _is_numeric(host):
        _check(host, host)


def checked_url(url: str, *, field: str = "url") -> str:
    """`url`, if the hub may call it. What its name stands for is looked at again with every call. Raises InvalidRequest."""
    try:
        check_url(url)
    except Blocked as error:
        raise InvalidRequest.on(field, error.message, "url") from error
    return url


def dial(host: str, port: int, *, timeout: float) -> socket.socket:
    """A connection for another protocol than HTTP, as guarded as the others. It waits. Raises Blocked, or OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if not _is_exempt(host, port):
        for address in addresses:
            _check(address, host)
    failures: list[OSError] = []
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failures.append(error)
    raise failures[-1] if failures else OSError(f"{host} has no address.")


def is_public(address: Address) -> bool:
    """Whether an address belongs to somebody on the internet. An IPv4 address inside an IPv6 one is what counts."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in _NOBODYS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


class _Resolver(AbstractResolver):
    """The system's, but for addresses that are not public."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """One bad address is enough to refuse a name: the next connection might take it."""
        found = await self._system.resolve(host, port, family)
        if not _is_exempt(host, port):
            for result in found:
                _check(result["host"], host)
        return found

    async def close(self) -> None:
        await self._system.close()


def _check(address: str, host: str) -> None:
    try:
        public = is_public(ipaddress.ip_address(address))
    except ValueError:
        public = False
    if not public:
        raise Blocked(f"{host} has an address that is not public.")


def _is_numeric(host: str) -> bool:
    """What aiohttp connects to without resolving it, such as `127.0.0.1`, but also `2130706433` and `127.1`."""
    return ":" in host or host.replace(".", "").isdigit()


def _is_exempt(host: str, port: int) -> bool:
    return f"{host}:{port}" in conf.outbound_exempt


async def _read(response: aiohttp.ClientResponse, limit: int, *, cut: bool) -> bytes:
    received = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        received += chunk
        if len(received) > limit and cut:
            return bytes(received[:limit])
        if len(received) > limit:
            raise OutboundError(f"The answer has more than {limit} bytes.", sent=True)
    return bytes(received)
