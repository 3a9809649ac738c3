"""An HTTP client that sends whatever bytes it is given, on one kept-alive connection."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

PATIENCE = 20.0  # seconds for an answer
STREAM = "text/event-stream"


@dataclass(frozen=True)
class Sent:
    """A request. `target` is the path and query as they go over the wire; `credential` goes as a bearer."""

    method: str
    target: bytes
    body: bytes = b""
    credential: str = ""
    media: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    # what is wrong with it
    why: str = ""

    def encoded(self) -> bytes:
        lines = [self.method.encode() + b" " + self.target + b" HTTP/1.1", b"Host: 127.0.0.1"]
        lines += [b"Authorization: Bearer " + self.credential.encode()] if self.credential else []
        lines += [b"Content-Type: " + self.media] if self.body else []
        lines += [b"Content-Length: %d" % len(self.body)] if self.body or self.method != "GET" else []
        return b"\r\n".join([*lines, *(name + b": " + value for name, value in self.headers), b"", self.body])


@dataclass(frozen=True)
class Answer:
    """`[name]` is a header of it. The body of an event stream is left unread."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


@dataclass
class RawHttp:
    """One connection at a time; one per thread."""

    url: str
    _socket: socket.socket | None = field(default=None, init=False)

    def send(self, sent: Sent) -> Answer:
        """Raises OSError (TimeoutError after PATIENCE) or HTTPException when no answer comes."""
        fresh = self._socket is None
        try:
            return self._exchange(sent)
        except (OSError, HTTPException) as error:
            self.close()
            # the server may have closed the connection after the answer before
            if fresh or isinstance(error, TimeoutError):
                raise
            return self.send(sent)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, sent: Sent) -> Answer:
        if self._socket is None:
            address = urlsplit(self.url)
            self._socket = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
        # one that is refused before all of it was sent may have its answer there
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(sent.encoded())
        response = HTTPResponse(self._socket, method=sent.method)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        streams = headers.get("content-type", "").startswith(STREAM)
        content = b"" if streams else response.read()
        if streams or response.will_close:
            self.close()
        return Answer(response.status, headers, content)
