"""REST: a subscriber's inbox."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.once import REPLAYED, key_of
from hub.api.views import ServerView, UserView
from hub.audience.selectors import get_subscriber
from hub.exceptions import NotFound
from hub.inbox.cursors import Cursor
from hub.inbox.selectors import FILTERS, Page, counts_of, get_item, list_items
from hub.inbox.services import Ack, acknowledge, mark

MARK_FIELDS = ("op", "ids", "all", "upto", "filter", "until", "action", "key")
PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
_MAX_SEQ = 2**53


class Inbox(UserView):
    """`/inbox`"""

    def get(self, request: Request) -> Response:
        wanted = _list_request(query(request))
        subscriber_id = self.caller.subscriber_id
        if _unchanged(request, wanted, subscriber_id):
            return Response(status=304, headers=PRIVATE)
        page = list_items(subscriber_id=subscriber_id, **wanted)
        return Response(_shown(page), headers={**PRIVATE, "ETag": _etag(page.cursor, wanted)})


class SubscriberInbox(ServerView):
    """`/subscribers/{id}/inbox`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        wanted = _list_request(query(request))
        subscriber = get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return Response(_shown(list_items(subscriber_id=subscriber.pk, **wanted)))


class InboxCounts(UserView):
    """`/inbox/counts`"""

    def get(self, request: Request) -> Response:
        query(request).done()
        cursor, counts = counts_of(self.caller.subscriber_id)
        return Response({**counts.as_dict(), "cursor": str(cursor)}, headers=PRIVATE)


class InboxItemDetail(UserView):
    """`/inbox/{id}`"""

    def get(self, request: Request, item_id: UUID) -> Response:
        query(request).done()
        item = get_item(subscriber_id=self.caller.subscriber_id, item_id=item_id)
        return Response(orjson.Fragment(item), headers=PRIVATE)


class InboxEvents(UserView):
    """`/inbox/events`: the live edge takes every GET before it comes here; what is left is a browser's preflight."""

    def get(self, request: Request) -> Response:
        raise NotFound("No live edge serves event streams here: see docs/live-edge.md.")


class InboxMark(UserView):
    """`/inbox/mark`"""

    # A mark commits chunk by chunk and tells every socket after each commit, so it keeps its key itself.
    keyed = False

    def post(self, request: Request) -> Response:
        fields = body(request)
        wanted = {name: value for name, value in fields.given(*MARK_FIELDS).items() if value is not None}
        fields.done()
        header = key_of(request)
        if header is not None:
            wanted["key"] = header
        receipt = mark(subscriber_id=self.caller.subscriber_id, request=wanted, origin="rest")
        return Response(receipt.as_dict(), headers={REPLAYED: "true"} if receipt.replayed else {})


class InboxAck(UserView):
    """`/inbox/ack`"""

    def post(self, request: Request) -> Response:
        fields = body(request)
        seq = fields.whole("seq", default=0, low=0, high=_MAX_SEQ)
        focused = fields.flag("focused")
        fields.done()
        cursor, counts = counts_of(self.caller.subscriber_id)
        ack = Ack(self.caller.subscriber_id, min(seq, cursor.seq), focused)
        return Response({"changed": acknowledge([ack]), "counts": counts.as_dict(), "cursor": str(cursor)})


def _shown(page: Page) -> dict[str, Any]:
    return {
        "items": [orjson.Fragment(item) for item in page.items],
        "next": page.next,
        "counts": page.counts.as_dict(),
        "cursor": str(page.cursor),
    }


def _list_request(fields: Fields) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "filter": fields.choice("filter", list(FILTERS)) or "all",
        "category": fields.text("category") or None,
        "event": fields.text("event") or None,
        "tag": fields.text("tag") or None,
        "since": fields.moment("since"),
        "limit": fields.whole("limit", default=30, low=1, high=100),
        "cursor": fields.text("cursor") or None,
    }
    fields.done()
    return wanted


def _etag(cursor: Cursor, wanted: Mapping[str, Any]) -> str:
    """Every visible change takes a seq, so the cursor and the question name the answer."""
    question = hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()[:16]
    return f'"{cursor}:{question}"'


def _unchanged(request: Request, wanted: Mapping[str, Any], subscriber_id: UUID) -> bool:
    """Whether the caller has the present answer: one look at the subscriber's stream."""
    held = request.headers.get("If-None-Match")
    if not held:
        return False
    cursor, _ = counts_of(subscriber_id)
    tags = {tag.strip().removeprefix("W/") for tag in held.split(",")}
    return _etag(cursor, wanted) in tags
