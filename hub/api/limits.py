"""How many requests a caller may send: the limits, and the headers that tell (draft-ietf-httpapi-ratelimit-headers-10)."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from math import ceil

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from hub.api.authentication import Caller, User
from hub.api.problems import RateLimited
from hub.conf import conf
from hub.limits import Limit, Verdict, take
from hub.tenancy.errors import Refused

# what a guesser is answered; a token that has expired or is revoked was a good one
GUESSES = {
    *("api_key_malformed", "api_key_unknown", "operator_token_unknown"),
    *("token_malformed", "token_key_unknown", "token_signature"),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left to one caller after this request."""

    policy: str
    limit: Limit
    verdict: Verdict

    def tell(self, answer: HttpResponseBase) -> None:
        """In the answer's headers: `q` requests in `w` seconds; `r` remain, and in `t` seconds it is all of them again."""
        answer["RateLimit-Policy"] = f'"{self.policy}";q={self.limit.burst};w={ceil(self.limit.window)}'
        answer["RateLimit"] = f'"{self.policy}";r={self.verdict.remaining};t={ceil(self.verdict.full_in)}'


def spend(caller: Caller) -> Quota:
    """Count a request of this caller."""
    if isinstance(caller, User):
        policy, limit = "user", Limit(conf.user_rate, conf.user_burst)
    else:
        policy, limit = "server", Limit(conf.server_rate, conf.server_burst)
    return Quota(policy, limit, take(caller.name, limit))


def check(quota: Quota) -> None:
    """Raises RateLimited when the caller had nothing left."""
    if not quota.verdict.allowed:
        raise RateLimited(
            f"At most {quota.limit.rate:g} requests a second, and {quota.limit.burst} at once.",
            retry_after=quota.verdict.retry_after,
        )


def count_guess(request: Request, refusal: Refused) -> None:
    """Raises RateLimited when too many guesses came from one address. Who has a good credential is never held up by it."""
    if refusal.code in GUESSES:
        verdict = take(
            f"guess:{_network(request.META.get('REMOTE_ADDR', ''))}", Limit(conf.guess_rate, conf.guess_burst)
        )
        if not verdict.allowed:
            raise RateLimited(
                "Too many credentials that are not accepted.", retry_after=verdict.retry_after
            ) from refusal


def _network(address: str) -> str:
    """Who has one IPv6 address has 2^64 of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))
