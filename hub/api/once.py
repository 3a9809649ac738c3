"""`Idempotency-Key`: a write that is sent again does nothing, and gets the first answer."""

import hashlib
import re
from collections.abc import Callable, Collection
from uuid import UUID

import orjson
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.problems import InFlight
from hub.api.renderers import encode
from hub.exceptions import InvalidRequest
from hub.idempotency import recall_with_status, remember

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_SHAPE = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request: Request) -> str | None:
    """The caller's key, None without one. Raises InvalidRequest for one that is no 1 to 200 visible characters."""
    key = request.headers.get(HEADER)
    if key is not None and not _SHAPE.fullmatch(key):
        raise InvalidRequest.on(HEADER, "1 to 200 visible ASCII characters.")
    return key


def once(
    request: Request,
    key: str,
    write: Callable[[], Response],
    *,
    tenant_id: UUID | None,
    principal: str,
    secrets: Collection[str],
) -> Response:
    """Do `write` unless it was done: its effect and its answer commit together. `secrets` are not kept in the answer.

    Raises InFlight while the same key is being worked on, and KeyReused when it came with another request.
    """
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        _lock(f"{tenant_id}/{principal}/{key}")
        known = recall_with_status(tenant_id, principal, key, fingerprint)
        if known is not None:
            return Response(known[1], status=known[0], headers={REPLAYED: "true"})
        response = write()
        if 200 <= response.status_code < 300:
            remember(tenant_id, principal, key, fingerprint, response.status_code, _kept(response, secrets))
    return response


def _lock(name: str) -> None:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as db:
        db.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not db.fetchone()[0]:
            raise InFlight("A request with this idempotency key is being worked on.")


def _fingerprint(request: Request) -> str:
    """What the caller asked for: method, address and body, whatever the order of its fields."""
    body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + body).hexdigest()


def _kept(response: Response, secrets: Collection[str]) -> object:
    answer = orjson.loads(encode(response.data))
    if isinstance(answer, dict):
        answer |= {name: None for name in secrets if name in answer}
    return answer
