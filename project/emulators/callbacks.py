"""What a provider calls back with: receipts, events, answers of people."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Callback:
    """A signed request, to be posted as it is, or spoilt first by a test."""

    url: str
    body: bytes
    headers: Mapping[str, str]

    def post(self, *, timeout: float = 10.0) -> int:
        """Post it to its http address; returns the status of the answer."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request("POST", target, self.body, dict(self.headers))
            return connection.getresponse().status
        finally:
            connection.close()


def form_callback(url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Callback:
    return Callback(url, urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded", **headers})
