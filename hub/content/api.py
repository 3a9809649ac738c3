"""REST: event types."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.content.models import EventType
from hub.content.services import (
    create_event_type,
    delete_event_type,
    event_types,
    get_event_type,
    upsert_event_type,
)

DEFAULTS: dict[str, Any] = {
    "name": "",
    "category": "general",
    "required": False,
    "default_on": True,
    "ladder": [],
    "template": {},
    "active": True,
}
_SWITCH = {"true": True, "false": False}


class EventTypeList(ServerView):
    """`/event-types`"""

    resource = "event_types"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        category = fields.text("category") or None
        active = fields.choice("active", list(_SWITCH))
        fields.done()
        rows, following = paged.page(
            event_types(tenant=self.caller.tenant, category=category, active=_SWITCH.get(active or ""))
        )
        return Response(page_of([_shown(row) for row in rows], following))

    def post(self, request: Request) -> Response:
        fields = body(request)
        key = fields.text("key", required=True)
        given = fields.only(DEFAULTS)
        return Response(_shown(create_event_type(tenant=self.caller.tenant, key=key, **given)), status=201)


class EventTypeDetail(ServerView):
    """`/event-types/{key}`"""

    resource = "event_types"

    def get(self, request: Request, key: str) -> Response:
        query(request).done()
        return Response(_shown(get_event_type(tenant=self.caller.tenant, key=key)))

    def put(self, request: Request, key: str) -> Response:
        """Make or replace: what the body leaves out gets its default."""
        given = DEFAULTS | body(request).only(DEFAULTS)
        return Response(_shown(upsert_event_type(tenant=self.caller.tenant, key=key, **given)))

    def patch(self, request: Request, key: str) -> Response:
        """Change what the body names."""
        given = body(request).only(DEFAULTS)
        get_event_type(tenant=self.caller.tenant, key=key)
        return Response(_shown(upsert_event_type(tenant=self.caller.tenant, key=key, **given)))

    def delete(self, request: Request, key: str) -> Response:
        delete_event_type(tenant=self.caller.tenant, key=key)
        return Response(status=204)


def _shown(found: EventType) -> dict[str, Any]:
    return {"key": found.key, **{name: getattr(found, name) for name in DEFAULTS}, "created_at": found.created_at}
