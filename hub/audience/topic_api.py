"""REST: topics and their members for servers, and following for users. Both meet at `/topics`."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import listed, page_of, paging
from hub.api.views import ServerView, UserView
from hub.audience.models import Topic, TopicMember
from hub.audience.selectors import get_topic, open_topics
from hub.audience.topics import (
    add_members,
    create_topic,
    delete_topic,
    follow,
    remove_members,
    unfollow,
    upsert_topic,
)

DEFAULTS: dict[str, Any] = {"name": "", "open": False}
MOST_AT_ONCE = 1_000


class TopicList(ServerView):
    """`/topics`, for servers"""

    resource = "topics"

    def get(self, request: Request) -> Response:
        return listed(request, Topic.objects.filter(tenant=self.caller.tenant), _topic)

    def post(self, request: Request) -> Response:
        fields = body(request)
        key = fields.text("key", required=True)
        given = fields.only(DEFAULTS)
        return Response(_topic(create_topic(tenant=self.caller.tenant, key=key, **given)), status=201)


class TopicDetail(ServerView):
    """`/topics/{key}`"""

    resource = "topics"

    def get(self, request: Request, key: str) -> Response:
        query(request).done()
        return Response(_topic(get_topic(tenant=self.caller.tenant, key=key)))

    def put(self, request: Request, key: str) -> Response:
        """Make or replace: what the body leaves out gets its default."""
        given = DEFAULTS | body(request).only(DEFAULTS)
        return Response(_topic(upsert_topic(tenant=self.caller.tenant, key=key, **given)))

    def patch(self, request: Request, key: str) -> Response:
        """Change what the body names."""
        given = body(request).only(DEFAULTS)
        get_topic(tenant=self.caller.tenant, key=key)
        return Response(_topic(upsert_topic(tenant=self.caller.tenant, key=key, **given)))

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
        rows, following = paged.page(
            TopicMember.objects.filter(topic=topic).select_related("subscriber"), "subscriber_id"
        )
        return Response(page_of([{"subscriber": row.subscriber.external_id} for row in rows], following))

    def put(self, request: Request, key: str) -> Response:
        topic = get_topic(tenant=self.caller.tenant, key=key)
        return Response({"added": add_members(topic=topic, external_ids=_members(request))})

    post = put

    def delete(self, request: Request, key: str) -> Response:
        topic = get_topic(tenant=self.caller.tenant, key=key)
        return Response({"removed": remove_members(topic=topic, external_ids=_members(request))})


class OpenTopics(UserView):
    """`/topics`, for users"""

    def get(self, request: Request) -> Response:
        """What they may follow, and whether they do."""
        return listed(request, open_topics(self.caller.subscriber), lambda row: _followed(row, row.following))


class TopicSubscription(UserView):
    """`/topics/{key}/subscription`"""

    def put(self, request: Request, key: str) -> Response:
        body(request).done()
        return Response(_followed(follow(subscriber=self.caller.subscriber, key=key), True))

    def delete(self, request: Request, key: str) -> Response:
        unfollow(subscriber=self.caller.subscriber, key=key)
        return Response(status=204)


def _members(request: Request) -> list[str]:
    fields = body(request)
    members = fields.texts("subscribers", required=True, most=MOST_AT_ONCE)
    fields.done()
    return members


def _topic(topic: Topic) -> dict[str, Any]:
    return {"key": topic.key, "name": topic.name, "open": topic.open, "created_at": topic.created_at}


def _followed(topic: Topic, following: bool) -> dict[str, Any]:
    return {"key": topic.key, "name": topic.name, "following": following}
