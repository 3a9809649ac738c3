"""The provider token (RFC 7519, ES256) that an account shows Apple on all of its connections."""

import time

import jwt
from aioapns.connection import AuthorizationHeaderProvider, JWTAuthorizationHeaderProvider
from cryptography.exceptions import UnsupportedAlgorithm

from deliveries.providers.errors import Configuration

# Apple takes no new one sooner, and none that is older than an hour
SOONEST, RENEWED = 20 * 60, 40 * 60


class ProviderToken(AuthorizationHeaderProvider):
    """aioapns's own makes one a connection; this is one for all. Raises Configuration for a key that can't sign."""

    def __init__(self, key: str, key_id: str, team_id: str) -> None:
        self._signing = (key, key_id, team_id)
        self._made, self._header = 0.0, ""
        self.get_header()

    def get_header(self) -> str:
        """`bearer …`"""
        if time.time() - self._made > RENEWED:
            self._make()
        return self._header

    def renew(self) -> None:
        """Apple calls it expired. Where it is fresh, another would be no better, and too early."""
        if time.time() - self._made > SOONEST:
            self._make()

    def _make(self) -> None:
        try:
            self._header = JWTAuthorizationHeaderProvider(*self._signing).get_header()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, jwt.PyJWTError, UnsupportedAlgorithm) as error:
            # not its text, which may quote the key
            raise Configuration("key", "the key can't sign: give the text of the .p8 file") from error
        self._made = time.time()
