"""The public keys that an issuer publishes (RFC 7517), as this process last saw them.

A document is asked for again when it is old, or when it lacks a key, at most every `jwks_refetch` seconds. While the issuer
is down the last one counts, for a day.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

import jwt
import orjson
from django.db import connection

from hub.conf import conf
from hub.exceptions import HubError
from hub.outbound import Answer, OutboundError, fetch
from hub.tenancy.models import SigningKey
from hub.tenancy.signing import fits

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
MAX_KEYS = 50
MAX_ISSUERS = 10_000
# seconds for which a document counts: when the issuer names less, or nothing; while it is down
_MIN_AGE, _AGE, _STALE = 60, 300, 24 * 3600
_KIND = {SigningKey.Algorithm.RS256: "RSA", SigningKey.Algorithm.ES256: "EC"}
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})")

# (kid, algorithm) → public key
Keys = dict[tuple[str, str], Any]


class IssuerUnreachable(HubError):
    """A token's key is not known, and its issuer could not be asked just now."""

    code = "issuer_unreachable"
    status = 503
    retry_after = 10


@dataclass(slots=True)
class _Issuer:
    """What is known of one address. Instants are of the monotonic clock."""

    keys: Keys = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    fresh_until: float = float("-inf")
    read_at: float = float("-inf")
    asked_at: float = float("-inf")
    failed: bool = False


_issuers: dict[str, _Issuer] = {}


def find_key(issuers: Sequence[SigningKey], kid: str) -> tuple[SigningKey, Any] | None:
    """The first of these whose issuer publishes a key of that name, and the public key; None when none does.

    What is known answers at once; else it waits for the issuers, `jwks_timeout` each at most. Raises IssuerUnreachable.
    """
    for look in (_known, _asked):
        for signing_key in issuers:
            found = look(signing_key, kid)
            if found is not None:
                return signing_key, found
    if any(_issuer(signing_key).failed for signing_key in issuers):
        raise IssuerUnreachable("The issuer of the token's key can't be reached; try again.")
    return None


def _issuer(signing_key: SigningKey) -> _Issuer:
    url = signing_key.jwks_url
    if url not in _issuers and len(_issuers) >= MAX_ISSUERS:
        _issuers.pop(next(iter(_issuers)), None)
    return _issuers.setdefault(url, _Issuer())


def _known(signing_key: SigningKey, kid: str) -> Any | None:
    """The key in a document that is fresh."""
    issuer = _issuer(signing_key)
    return issuer.keys.get((kid, signing_key.algorithm)) if monotonic() < issuer.fresh_until else None


def _asked(signing_key: SigningKey, kid: str) -> Any | None:
    """The key after asking the issuer, or in its last document while it is down."""
    issuer = _issuer(signing_key)
    _refresh(signing_key.jwks_url, issuer, wait=_stale(issuer, signing_key, kid) is None)
    return _stale(issuer, signing_key, kid)


def _stale(issuer: _Issuer, signing_key: SigningKey, kid: str) -> Any | None:
    return issuer.keys.get((kid, signing_key.algorithm)) if monotonic() < issuer.read_at + _STALE else None


def _refresh(url: str, issuer: _Issuer, *, wait: bool) -> None:
    """Ask the issuer, unless that was done just now. One caller asks; the others wait for it, or go on without."""
    if not (_is_due(issuer) or issuer.lock.locked()):
        return
    if connection.in_atomic_block:
        raise RuntimeError("An issuer is never waited for inside a transaction.")
    connection.close()  # others may need it meanwhile
    if issuer.lock.acquire(blocking=wait):
        try:
            if _is_due(issuer):
                _ask(url, issuer)
        finally:
            issuer.lock.release()


def _is_due(issuer: _Issuer) -> bool:
    return monotonic() >= issuer.asked_at + conf.jwks_refetch


def _ask(url: str, issuer: _Issuer) -> None:
    issuer.asked_at = monotonic()
    try:
        answer = fetch(url, timeout=conf.jwks_timeout, max_bytes=MAX_BYTES)
        keys = _parse(answer)
    except (OutboundError, ValueError) as error:
        issuer.failed = True
        log.warning("The keys at %s can't be read: %s", url, error)
        return
    issuer.keys, issuer.failed = keys, False
    issuer.read_at = monotonic()
    issuer.fresh_until = issuer.read_at + _age(answer)


def _parse(answer: Answer) -> Keys:
    """Every key that could verify a token; what is for something else is left out. Raises ValueError."""
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    document = orjson.loads(answer.body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"no list of at most {MAX_KEYS} keys")
    keys = {}
    for entry in listed:
        for algorithm, kind in _KIND.items():
            if isinstance(entry, dict) and entry.get("kty") == kind and isinstance(entry.get("kid"), str):
                key = _public_key(entry, algorithm)
                if key is not None:
                    keys[entry["kid"], str(algorithm)] = key
    return keys


def _public_key(entry: dict[str, Any], algorithm: str) -> Any | None:
    if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return key if fits(algorithm, key) else None


def _age(answer: Answer) -> float:
    """Seconds for which the document may be used: as the issuer says, within bounds."""
    said = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    return min(max(int(said[1]) if said else _AGE, _MIN_AGE), conf.jwks_max_age)
