"""REST: subscribers."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import MAX_LIMIT, page_of, paging
from hub.api.views import ServerView
from hub.audience.bulk import upsert_many
from hub.audience.erasure import erase_subscriber
from hub.audience.export import Place, export
from hub.audience.models import Subscriber
from hub.audience.profile import EMPTY
from hub.audience.selectors import get_subscriber, subscribers
from hub.audience.services import upsert_subscriber

MOST_AT_ONCE = 1_000


class SubscriberList(ServerView):
    """`/subscribers`"""

    resource = "subscribers"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        email = fields.text("email") or None
        fields.done()
        rows, following = paged.page(subscribers(tenant=self.caller.tenant, email=email))
        return Response(page_of([_subscriber(row) for row in rows], following))


class SubscriberDetail(ServerView):
    """`/subscribers/{id}`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        query(request).done()
        return Response(_subscriber(get_subscriber(tenant=self.caller.tenant, external_id=external_id)))

    def put(self, request: Request, external_id: str) -> Response:
        """Make or replace: what the body leaves out is emptied."""
        return self._save(external_id, _profile(request), replace=True)

    def patch(self, request: Request, external_id: str) -> Response:
        """Change what the body names."""
        get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return self._save(external_id, _profile(request))

    def delete(self, request: Request, external_id: str) -> Response:
        erase_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return Response(status=204)

    def _save(self, external_id: str, profile: dict[str, Any], *, replace: bool = False) -> Response:
        tenant = self.caller.tenant
        return Response(
            _subscriber(upsert_subscriber(tenant=tenant, external_id=external_id, replace=replace, **profile))
        )


class SubscriberBulk(ServerView):
    """`/subscribers/bulk`"""

    resource = "subscribers"

    def post(self, request: Request) -> Response:
        """Make or change: what an entry leaves out stays. One result each, in order."""
        fields = body(request)
        entries = fields.listing("subscribers")
        if not 1 <= len(entries) <= MOST_AT_ONCE:
            fields.wrong("subscribers", f"Must be a list of 1 to {MOST_AT_ONCE}.")
        fields.done()
        return Response({"results": upsert_many(tenant=self.caller.tenant, entries=entries)})


class SubscriberExport(ServerView):
    """`/subscribers/{id}/export`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        fields = query(request)
        limit = fields.whole("limit", default=MAX_LIMIT, low=1, high=MAX_LIMIT)
        cursor = fields.text("cursor")
        fields.done()
        subscriber = get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        page, following = export(subscriber, after=Place.parse(cursor) if cursor else None, limit=limit)
        return Response({**page, "next": str(following) if following else None})


def _profile(request: Request) -> dict[str, Any]:
    """The profile fields of a body; null empties one."""
    fields = body(request)
    given = fields.given(*EMPTY)
    fields.done()
    return given


def _subscriber(subscriber: Subscriber) -> dict[str, Any]:
    profile = {name: getattr(subscriber, name) for name in EMPTY}
    return {"id": subscriber.external_id, **profile, "created_at": subscriber.created_at}
