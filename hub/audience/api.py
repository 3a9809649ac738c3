"""REST: subscribers, topics and who follows them."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.audience.models import Subscriber, Topic, TopicMember
from hub.audience.selectors import get_subscriber, get_topic, subscribers
from hub.audience.services import (
    add_members,
    delete_topic,
    erase_subscriber,
    remove_members,
    upsert_subscriber,
    upsert_topic,
)

PROFILE = ("name", "email", "phone", "locale", "timezone", "attributes")
EMPTY: dict[str, Any] = {"name": "", "email": "", "phone": "", "locale": "", "timezone": "", "attributes": {}}
MOST_MEMBERS = 1_000


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
        return self._save(external_id, EMPTY | _profile(request))

    def patch(self, request: Request, external_id: str) -> Response:
        """Change what the body names."""
        get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return self._save(external_id, _profile(request))

    def delete(self, request: Request, external_id: str) -> Response:
        erase_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return Response(status=204)

    def _save(self, external_id: str, profile: dict[str, Any]) -> Response:
        return Response(_subscriber(upsert_subscriber(tenant=self.caller.tenant, external_id=external_id, **profile)))


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
    given = fields.given(*PROFILE)
    fields.done()
    return {name: EMPTY[name] if value is None else value for name, value in given.items()}


def _members(request: Request) -> list[str]:
    fields = body(request)
    members = fields.texts("subscribers", required=True, most=MOST_MEMBERS)
    fields.done()
    return members


def _subscriber(subscriber: Subscriber) -> dict[str, Any]:
    profile = {name: getattr(subscriber, name) for name in PROFILE}
    return {"id": subscriber.external_id, **profile, "created_at": subscriber.created_at}


def _topic(topic: Topic) -> dict[str, Any]:
    return {"key": topic.key, "name": topic.name, "created_at": topic.created_at}
