"""A caller of the REST API, with one credential."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from django.test import Client

from tests.api.contract import check

BASE = "/api/v1"
rolled_back = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)


@dataclass
class Api:
    """Sends JSON with a bearer credential (`""` sends none), and holds the answer to the OpenAPI document."""

    credential: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.credential}"} if self.credential else {}
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        answer = self.client.generic(
            method,
            BASE + path,
            data,
            content_type="application/json",
            headers={**sent, **self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
        check(method, path, data, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, {} if body is None else body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("DELETE", path, body, **headers)


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that must have this status and code."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code), document
    assert document["request_id"] == response["X-Request-Id"]
    return document


def fields_of(document: dict[str, Any]) -> set[str]:
    """The fields that a problem document names."""
    return {error["field"] for error in document["errors"]}
