"""REST: subscribers, topics and who follows them."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import MAX_LIMIT, page_of, paging
from hub.api.views import ServerView
from hub.audience.bulk import upsert_many
from hub.audience.erasure import erase_subscriber
from hub.audience.export import Place, export
from hub.audience.models import Subscriber, Topic, TopicMember
from hub.audience.profile import EMPTY
from hub.audience.selectors import get_subscriber, get_topic, subscribers
from hub.audience.services import (
    add_members,
    delete_topic,
    remove_members,
    upsert_subscriber,
    upsert_topic,
)

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


class TopicList(ServerView):
    """`/topics`"""

    resource = "topics"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        fields.done()
        rows, following = paged.page(Topic.objects.filter(tenant=self.caller.tenant))
        return Response(page_of([_topic(row) for row in rows], following))

    def post(self, request: Request) -> Response:
        fields = body(request)
        key, name = fields.text("key", required=True), fields.text("name")
        fields.done()
        return Response(_topic(upsert_topic(tenant=self.caller.tenant, key=key, name=name)), status=201)


class TopicDetail(ServerView):
    """`/topics/{key}`"""

    resource = "topics"

    def get(self, request: Request, key: str) -> Response:
        query(request).done()
        return Response(_topic(get_topic(tenant=self.caller.tenant, key=key)))

    def put(self, request: Request, key: str) -> Response:
        fields = body(request)
        name = fields.text("name")
        fields.done()
        return Response(_topic(upsert_topic(tenant=self.caller.tenant, key=key, name=name)))

    def delete(self, request: Request, key: str) -> Response:
        delete_topic(tenant=self.caller.tenant, key=key)
        return Response(status=204)


class TopicMembers(ServerView):
    """`/topics/{key}/members`"""

    resource = "topics"

    def get(self, request: Request, key: str) -> Response:
        fields = query(request)
        paged = paging(fields)
        fields.done()
        topic = get_topic(tenant=self.caller.tenant, key=key)
        rows, following = paged.page(TopicMember.objects.filter(topic=topic).select_related("subscriber"))
        return Response(page_of([{"subscriber": row.subscriber.external_id} for row in rows], following))

    def put(self, request: Request, key: str) -> Response:
        topic = get_topic(tenant=self.caller.tenant, key=key)
        return Response({"added": add_members(topic=topic, external_ids=_members(request))})

    post = put

    def delete(self, request: Request, key: str) -> Response:
        topic = get_topic(tenant=self.caller.tenant, key=key)
        return Response({"removed": remove_members(topic=topic, external_ids=_members(request))})


def _profile(request: Request) -> dict[str, Any]:
    """The profile fields of a body; null empties one."""
    fields = body(request)
    given = fields.given(*EMPTY)
    fields.done()
    return given


def _members(request: Request) -> list[str]:
    fields = body(request)
    members = fields.texts("subscribers", required=True, most=MOST_AT_ONCE)
    fields.done()
    return members


def _subscriber(subscriber: Subscriber) -> dict[str, Any]:
    profile = {name: getattr(subscriber, name) for name in EMPTY}
    return {"id": subscriber.external_id, **profile, "created_at": subscriber.created_at}


def _topic(topic: Topic) -> dict[str, Any]:
    return {"key": topic.key, "name": topic.name, "created_at": topic.created_at}
