"""A plain REST client on one kept-alive connection. One per thread."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

Answer = tuple[int, Any]
Item = dict[str, Any]
FAILURES = (OSError, http.client.HTTPException)
PAGE = 100


class Api:
    """Calls below `/api/v1` as the bearer of an API key or a user's token. `headers`: those of the last answer."""

    def __init__(self, url: str, bearer: str, *, timeout: float = 30.0) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
        self.headers: Mapping[str, str] = {}
        self._headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """(status, decoded body). A failure closes the connection and raises one of `FAILURES`."""
        try:
            self.send(method, path, body, **headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except FAILURES:
            self.close()
            raise
        self.headers = answer.headers
        return answer.status, json.loads(content) if content else None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        """Send a request and leave its answer unread."""
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, f"/api/v1{path}", data, {**self._headers, **named})

    def good(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The decoded body of a 2xx. Raises RuntimeError for another answer."""
        status, answer = self.call(method, path, body, **headers)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def notify(self, to: Any, title: str, **fields: Any) -> Any:
        return self.good("POST", "/notifications", {"to": to, "title": title, **fields})

    def whole_inbox(self) -> tuple[dict[str, Item], dict[str, int], int]:
        """A fresh fetch: every item that is not gone, by id; the counts; and the head's seq."""
        items: dict[str, Item] = {}
        for name in ("all", "archived", "snoozed"):
            items |= self._pages(name)
        answer = self.good("GET", "/inbox/counts")
        head = int(answer["cursor"].partition(":")[2])
        return items, {"unread": answer["unread"], "unseen": answer["unseen"]}, head

    def _pages(self, name: str) -> dict[str, Item]:
        items: dict[str, Item] = {}
        query: dict[str, Any] = {"filter": name, "limit": PAGE}
        while True:
            page = self.good("GET", f"/inbox?{urlencode(query)}")
            items |= {item["id"]: item for item in page["items"]}
            if page["next"] is None:
                return items
            query["cursor"] = page["next"]
