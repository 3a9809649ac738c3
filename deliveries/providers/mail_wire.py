"""Anymail's backends on the hub's own wire: what requests or botocore has prepared goes out through the account's guarded
client, so that there is one timeout for the whole call, no redirect, no proxy, no second try, and no address inside."""

import logging
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from deliveries.providers.errors import Configuration
from hub.outbound import Answer

# method, URL, headers and body to the answer. Raises SendError
Call = Callable[[str, str, Mapping[str, str], bytes | None], Answer]

# the client's own business; a body that is packed could be larger than it looks
_HOP = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})

# at DEBUG it writes whole messages and what signs them
logging.getLogger("botocore").setLevel(logging.INFO)


def reroute_requests(session: Session, call: Call) -> None:
    """Let what this session sends go through `call`."""
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(call))


def reroute_amazon(client: Any, call: Call) -> None:
    """Let what this boto3 client of SES sends go through `call`, already signed."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        answer = _carried(call, request.method, request.url, request.headers, request.body)
        raw = HTTPResponse(BytesIO(answer.body), preload_content=False)
        return AWSResponse(request.url, answer.status, answer.headers, raw)

    client.meta.events.register("before-send.sesv2", send)


class _Adapter(BaseAdapter):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        answer = _carried(self._call, request.method or "POST", request.url or "", request.headers, request.body)
        response = Response()
        response.status_code, response.url, response.request = answer.status, request.url or "", request
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = BytesIO(answer.body)
        return response

    def close(self) -> None:
        """The client is the account's, and stays open."""


def _carried(call: Call, method: str, url: str, headers: Mapping[str, Any], body: Any) -> Answer:
    kept = {name: _text(value) for name, value in headers.items() if name.lower() not in _HOP}
    answer = call(method, url, kept, body.encode() if isinstance(body, str) else body)
    if 300 <= answer.status < 400:
        raise Configuration(str(answer.status), "a redirect: the account's url is not the API's")
    return answer


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
