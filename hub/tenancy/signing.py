"""What may be a signing key: a secret that can't be guessed, a public key that fits its algorithm, or an issuer's address."""

import secrets
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.exceptions import InvalidRequest
from hub.outbound import checked_url
from hub.tenancy.models import SigningKey

_HS256_MIN_BYTES = 32
_RSA_MIN_BITS = 2048
_MAX_LENGTH = 8 * 1024


def checked_signing_key(*, algorithm: str, key: str | None, jwks_url: str = "") -> str:
    """The key to keep for `algorithm`; an HS256 secret is made when there is none. Raises InvalidRequest.

    With `jwks_url` that is the empty string: the keys are where the issuer publishes them.
    """
    if algorithm not in SigningKey.Algorithm.values:
        raise InvalidRequest.on("algorithm", f"Use one of {', '.join(SigningKey.Algorithm.values)}.")
    if jwks_url:
        _check_issuer(algorithm, key, jwks_url)
        return ""
    if len(key or "") > _MAX_LENGTH:
        raise InvalidRequest.on("key", f"At most {_MAX_LENGTH} characters.", "too_long")
    if algorithm == SigningKey.Algorithm.HS256:
        key = secrets.token_urlsafe(48) if key is None else key
        _check_secret(key)
        return key
    _check_public_key(algorithm, key or "")
    return key or ""


def fits(algorithm: str, key: object) -> bool:
    """Whether a public key is strong enough and of the kind that `algorithm` needs."""
    if algorithm == SigningKey.Algorithm.RS256:
        return isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_MIN_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


@lru_cache(maxsize=1_000)
def verifier(algorithm: str, key: str) -> Any:
    """A kept key as the JWT library takes it: reading PEM anew costs more than verifying."""
    return key if algorithm == SigningKey.Algorithm.HS256 else load_pem_public_key(key.encode())


def _check_issuer(algorithm: str, key: str | None, jwks_url: str) -> None:
    """A document that anybody can read holds no secrets, so HS256 is out."""
    if algorithm == SigningKey.Algorithm.HS256:
        raise InvalidRequest.on("algorithm", "Published keys are for RS256 or ES256.")
    if key:
        raise InvalidRequest.on("key", "Give either a key or a jwks_url.")
    checked_url(jwks_url, field="jwks_url")


def _check_secret(key: str) -> None:
    if len(key.encode()) < _HS256_MIN_BYTES:
        raise InvalidRequest.on("key", f"A secret needs at least {_HS256_MIN_BYTES} bytes.")
    if key.lstrip().startswith("-----BEGIN"):
        raise InvalidRequest.on("key", "This is a key in PEM, and no shared secret: choose RS256 or ES256.")


def _check_public_key(algorithm: str, pem: str) -> None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidRequest.on("key", "This is not a public key in PEM.") from error
    if not fits(algorithm, key):
        raise InvalidRequest.on("key", "RS256 needs an RSA key of 2,048 bits or more, ES256 a key on curve P-256.")
