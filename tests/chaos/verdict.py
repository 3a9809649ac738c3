"""What is wrong with the answer to a request that may be anything."""

import json
import re

from hub.api.openapi.document import Operation
from tests.api.contract import check
from tests.chaos.nasties import BASE
from tests.chaos.raw_http import Answer, Sent

# a mark, as its frame, ignores the fields that its op has no use for; who can't be a member needs no removing
IGNORES = tuple(f"{name} takes what the document forbids" for name in ("mark_items", "remove_members"))

# a parameter, or a field, whose name is empty is named so
NAMELESS = re.compile(rb'[?&]=|""')


def wrong_with(operation: Operation, sent: Sent, answer: Answer) -> str:
    """Empty if it is as the document says, no 5xx, and a complaint names what it is about."""
    if answer.status_code >= 500:
        return f"answered with {answer.status_code}"
    try:
        # a parameter, or a body, that an operation doesn't have may be ignored
        path = sent.target.decode("latin-1").removeprefix(BASE).partition("?")[0]
        check(sent.method, path, sent.body if "requestBody" in operation.spec else b"", answer)
    except (AssertionError, ValueError) as error:
        return "" if str(error).startswith(IGNORES) else str(error)[:300]
    if answer.status_code < 400:
        return ""
    if answer["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} as {answer['Content-Type']}: {answer.content[:80]!r}"
    problem = json.loads(answer.content)
    named = [error["field"] for error in problem["errors"]]
    if problem["code"] != "invalid_request" or (
        named and ("" not in named or NAMELESS.search(sent.target + sent.body))
    ):
        return ""
    return f"a 422 names no field: {problem['detail'][:100]}"
