"""Opaque keyset cursors: a page starts after the last row of the one before, however much has come in since."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, query
from hub.exceptions import InvalidRequest
from hub.ids import parse_uuid

MAX_LIMIT = 100
# rows that a page of a filtered list looks at, at most
SCAN = 1_000
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Paging:
    """What a caller wants of a list: `limit` rows after `after`, newest first."""

    limit: int
    after: UUID | None

    def page(self, rows: QuerySet[Row], key: str = "pk") -> tuple[list[Row], str | None]:
        """The page, and the cursor of the next one (None: this was the last).

        `key` is a unique UUIDv7: the newest is the greatest.
        """
        if self.after is not None:
            rows = rows.filter(**{f"{key}__lt": self.after})
        found = list(rows.order_by(f"-{key}")[: self.limit + 1])
        more = len(found) > self.limit
        return found[: self.limit], encode_cursor(getattr(found[self.limit - 1], key) if more else None)

    def scan(self, rows: QuerySet[Row], chosen: Q) -> tuple[list[Row], str | None]:
        """The page of those `rows` that are `chosen`, and the cursor of the next one.

        At most SCAN rows are looked at, so that a filter without an index costs no more than that: a page may be short, or
        empty, and still have a next.
        """
        after = self.after
        window = rows if after is None else rows.filter(pk__lt=after)
        edge = window.order_by("-pk").values_list("pk", flat=True)[SCAN - 1 : SCAN].first() if chosen else None
        within = window if edge is None else window.filter(pk__gte=edge)
        found, following = self.page(within.filter(chosen))
        return found, following or encode_cursor(edge)


def paging(fields: Fields) -> Paging:
    """`limit` (1 to 100, default 30) and `cursor` of a query string."""
    limit = fields.whole("limit", default=30, low=1, high=MAX_LIMIT)
    cursor = fields.text("cursor")
    return Paging(limit, _decode(cursor) if cursor else None)


def listed(request: Request, rows: QuerySet[Row], shown: Callable[[Row], dict[str, Any]]) -> Response:
    """A page of `rows`, each as it is `shown`, for a list without filters."""
    fields = query(request)
    paged = paging(fields)
    fields.done()
    found, following = paged.page(rows)
    return Response(page_of([shown(row) for row in found], following))


def page_of(items: list[Any], following: str | None) -> dict[str, Any]:
    """How every list is answered."""
    return {"items": items, "next": following}


def encode_cursor(key: UUID | None) -> str | None:
    """The id of the last row as a cursor."""
    return None if key is None else base64.urlsafe_b64encode(key.bytes).decode().rstrip("=")


def _decode(text: str) -> UUID:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    parsed = parse_uuid(raw.hex())
    if parsed is None:
        raise InvalidRequest.on("cursor", "This is not a cursor of this list.")
    return parsed
