"""VAPID (RFC 8292): how an account says to push services who it is. One signature an origin, for hours."""

import time

from py_vapid import Vapid02, VapidException
from yarl import URL

from deliveries.providers.errors import Configuration

# seconds that a signature holds, of the 24 hours that it may, and after which a new one is made
SIGNED_FOR, SIGN_AGAIN = 12 * 3600, 6 * 3600
MOST_ORIGINS = 1_000


class Vapid:
    """`private_key` in PEM or base64url. Raises Configuration for keys or a subject that push services would refuse."""

    def __init__(self, private_key: str, subject: str, public_key: str = "") -> None:
        self._subject = subject
        # origin → when it was signed, and its headers; endpoints are chosen by strangers, so there is an end to it
        self._signed: dict[str, tuple[float, dict[str, str]]] = {}
        try:
            self._vapid = _read(private_key)
            mine = self.headers("https://push.example/")["Authorization"].rpartition("k=")[2]
        except (ValueError, IndexError, VapidException) as error:
            # not its text, which may quote the key
            raise Configuration("vapid", "the private key or the subject is not one of VAPID") from error
        if public_key and public_key.rstrip("=") != mine:
            raise Configuration("vapid", "the public key is not the private one's")

    def headers(self, endpoint: str) -> dict[str, str]:
        """For a request to `endpoint`, which must be a URL."""
        origin = str(URL(endpoint).origin())
        now = time.time()
        signed_at, headers = self._signed.get(origin, (0.0, {}))
        if now - signed_at > SIGN_AGAIN:
            if len(self._signed) >= MOST_ORIGINS:
                self._signed.clear()
            headers = self._vapid.sign({"sub": self._subject, "aud": origin, "exp": int(now) + SIGNED_FOR})
            self._signed[origin] = (now, headers)
        return headers


def _read(private_key: str) -> Vapid02:
    if "-----BEGIN" in private_key:
        return Vapid02.from_pem(private_key.strip().encode())
    return Vapid02.from_string(private_key.strip())
