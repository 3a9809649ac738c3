"""Topics: made at run time, followed by subscribers, an audience for notifications."""

import pytest

from hub.audience.models import Subscriber, TopicMember
from hub.audience.services import follow, unfollow, upsert_topic
from hub.exceptions import Conflict
from hub.inbox.models import InboxItem
from hub.notifications.fan_out import sweep
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def test_made_renamed_removed(server: Api) -> None:
    assert server.post("/topics", {"key": "news", "name": "News"}).status_code == 201
    assert server.put("/topics/news", {"name": "All news"}).json()["name"] == "All news"
    assert server.get("/topics/news").json()["created_at"].endswith("Z")
    assert [topic["key"] for topic in server.get("/topics").json()["items"]] == ["news"]
    assert server.delete("/topics/news").status_code == 204
    problem_of(server.get("/topics/news"), 404, "not_found")


def test_members_come_and_go(server: Api, alice: Subscriber) -> None:
    server.put("/topics/news")
    assert server.put("/topics/news/members", {"subscribers": ["alice", "new", "alice"]}).json() == {"added": 2}
    assert server.post("/topics/news/members", {"subscribers": ["alice", "bob"]}).json() == {"added": 1}
    members = server.get("/topics/news/members").json()["items"]
    assert {member["subscriber"] for member in members} == {"alice", "new", "bob"}
    assert server.delete("/topics/news/members", {"subscribers": ["alice", "ghost"]}).json() == {"removed": 1}


@commits
def test_a_topic_is_an_audience(server: Api, alice: Subscriber, bob: Subscriber) -> None:
    server.put("/topics/news")
    server.put("/topics/news/members", {"subscribers": ["alice"]})
    sent = server.post("/notifications", {"to": {"topic": "news"}, "title": "x"}).json()
    assert server.get(f"/notifications/{sent['id']}").json()["to"] == {"topic": "news"}
    sweep()
    assert [item.subscriber for item in InboxItem.objects.all()] == [alice]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "a\n"])
def test_a_key_is_checked(server: Api, key: str) -> None:
    assert "key" in fields_of(problem_of(server.post("/topics", {"key": key}), 422, "invalid_request"))


def test_members_are_checked(server: Api) -> None:
    server.put("/topics/news")
    for members in (None, "alice", [1], [""], ["x"] * 1_001):
        answer = server.put("/topics/news/members", {"subscribers": members})
        assert "subscribers" in fields_of(problem_of(answer, 422, "invalid_request"))


def test_a_stranger_sees_none(server: Api, stranger: Api) -> None:
    server.put("/topics/news")
    problem_of(stranger.get("/topics/news"), 404, "not_found")
    problem_of(stranger.get("/topics/news/members"), 404, "not_found")
    problem_of(stranger.put("/topics/news/members", {"subscribers": ["charlie"]}), 404, "not_found")
    problem_of(stranger.delete("/topics/news"), 404, "not_found")
    assert not TopicMember.objects.exists()


def test_following_stays_within_a_tenant(alice: Subscriber, charlie: Subscriber) -> None:
    topic = upsert_topic(tenant=alice.tenant, key="news")
    follow(topic=topic, subscriber=alice)
    follow(topic=topic, subscriber=alice)
    assert TopicMember.objects.count() == 1
    with pytest.raises(Conflict):
        follow(topic=topic, subscriber=charlie)
    unfollow(topic=topic, subscriber=alice)
    assert not TopicMember.objects.exists()
