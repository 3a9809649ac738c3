"""Sends what Schemathesis makes, holds every answer to the document, and counts."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import requests
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.openapi.document import Operation, document, operations
from tests.bench.api import Api
from tests.chaos.nasties import BASE
from tests.chaos.owners import Owner
from tests.chaos.raw_http import PATIENCE, STREAM, Answer, Sent
from tests.chaos.verdict import wrong_with

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOLD = 100  # cases between two writings of the tally
SHOWN = 200  # characters of a request


@dataclass
class Tally:
    """What was sent and answered. `links`: how often each was followed; `problems`: kind → the first of it."""

    operations: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    problems: dict[str, str] = field(default_factory=dict)
    scenarios: int = 0
    slowest: tuple[float, str] = (0.0, "")


class Sender:
    """One connection to the hub. It never raises: what is wrong is in the tally, so that nothing is sent twice to be sure."""

    def __init__(self, url: str, file: Path) -> None:
        self.tally = Tally()
        self._file = file
        self._url = url
        self._operations = {operation.name: operation for operation in operations()}
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, case: Case, credential: str) -> Response:
        operation = self._operations[case.operation.definition.raw["operationId"]]
        began = time.monotonic()
        asked, response = self._exchange(case, operation, credential)
        took = time.monotonic() - began
        self.tally.slowest = max(self.tally.slowest, (took, operation.name))
        self.tally.operations[operation.name] += 1
        self.tally.statuses[response.status_code] += 1
        self._judge(case, operation, asked, response)
        if self.tally.operations.total() % TOLD == 0:
            self.tell()
        return response

    def tell(self) -> None:
        """Write the tally, all at once for whoever reads it meanwhile."""
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(vars(self.tally)))
        part.replace(self._file)

    def credentials(self, owner: Owner, operator: str) -> Callable[[Case], str]:
        """Who asks in a scenario: each in turn whom the operation knows. The user is there, with a token that is good."""
        with Api(self._url, owner.api_key) as api:
            api.good("PUT", "/subscribers/alice", {})
            token = api.good("POST", "/user-tokens", {"subscriber": "alice", "ttl": 3600})["token"]
        known = {"server_key": owner.api_key, "user_token": token, "operator_token": operator}
        turns = {
            name: cycle(
                [known[kind] for needs in operation.spec["security"] for kind in needs if kind in known] or [""]
            )
            for name, operation in self._operations.items()
        }
        return lambda case: next(turns[case.operation.definition.raw["operationId"]])

    def _exchange(self, case: Case, operation: Operation, credential: str) -> tuple[Sent, Response]:
        base = "" if "servers" in document()["paths"][operation.path] else BASE
        bearer = {"Authorization": f"Bearer {credential}"} if credential else {}
        options = case.as_transport_kwargs(base_url=self._url + base, headers=bearer)
        # an event stream has no end: its body is left unread
        with self._session.request(**options, timeout=PATIENCE, stream=True, allow_redirects=False) as got:
            content = b"" if got.headers.get("Content-Type", "").startswith(STREAM) else got.content
        asked = got.request
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
        sent = Sent(str(asked.method), (asked.path_url or "").encode(), body)
        headers = {name: [value] for name, value in got.headers.items()}
        return sent, Response(got.status_code, headers, content, asked, got.elapsed.total_seconds(), verify=False)

    def _judge(self, case: Case, operation: Operation, sent: Sent, response: Response) -> None:
        headers = {name: values[0] for name, values in response.headers.items()}
        wrong = [wrong_with(operation, sent, Answer(response.status_code, headers, response.content))]
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            wrong += [f"{failure.title}: {failure.message}" for failure in group.exceptions]
        shown = f"{sent.method} {sent.target!r:.{SHOWN}} {sent.body!r:.{SHOWN}}"
        for what in filter(None, wrong):
            self.tally.problems.setdefault(f"{operation.name}: {what[:120]}", f"{operation.name}: {what} ({shown})")
