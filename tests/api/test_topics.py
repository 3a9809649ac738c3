"""Topics: made at run time, followed by subscribers, an audience for notifications."""

import pytest

from hub.audience.models import Subscriber, TopicMember
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


def test_a_key_is_taken_once(server: Api) -> None:
    server.put("/topics/news", {"name": "News", "open": True})
    problem_of(server.post("/topics", {"key": "news"}), 409, "conflict")
    assert server.patch("/topics/news", {"name": "All"}).json()["open"] is True
    assert server.put("/topics/news", {"name": "All"}).json()["open"] is False
    problem_of(server.patch("/topics/other", {"name": "x"}), 404, "not_found")


@pytest.mark.parametrize(("field", "value"), [("open", "yes"), ("open", 1), ("name", "x" * 201), ("key", "other")])
def test_fields_are_checked(server: Api, field: str, value: object) -> None:
    for call in (server.put, server.patch):
        server.put("/topics/news")
        assert fields_of(problem_of(call("/topics/news", {field: value}), 422, "invalid_request")) == {field}


def test_members_are_listed_page_by_page(server: Api) -> None:
    server.put("/topics/news")
    names = [f"u{number}" for number in range(5)]
    server.put("/topics/news/members", {"subscribers": names})
    seen, cursor = [], ""
    while cursor is not None:
        page = server.get(f"/topics/news/members?limit=2&cursor={cursor}").json()
        seen += [member["subscriber"] for member in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == names


def test_a_user_follows_what_is_open(server: Api, as_alice: Api, as_bob: Api, alice: Subscriber) -> None:
    server.put("/topics/news", {"name": "News", "open": True})
    assert as_alice.get("/topics").json()["items"] == [{"key": "news", "name": "News", "following": False}]
    for _ in range(2):
        assert as_alice.put("/topics/news/subscription").json()["following"] is True
    assert TopicMember.objects.get().subscriber == alice
    assert as_alice.get("/topics").json()["items"][0]["following"] is True
    assert as_bob.get("/topics").json()["items"][0]["following"] is False
    for _ in range(2):
        assert as_alice.delete("/topics/news/subscription").status_code == 204
    assert not TopicMember.objects.exists()


def test_what_is_not_open_does_not_exist_for_users(
    server: Api, as_alice: Api, as_charlie: Api, alice: Subscriber
) -> None:
    server.put("/topics/churn-risk")
    server.put("/topics/churn-risk/members", {"subscribers": ["alice"]})
    server.put("/topics/news", {"open": True})
    assert [topic["key"] for topic in as_alice.get("/topics").json()["items"]] == ["news"]
    assert as_charlie.get("/topics").json()["items"] == []
    for api, key in ((as_alice, "churn-risk"), (as_alice, "missing"), (as_charlie, "news")):
        problem_of(api.put(f"/topics/{key}/subscription"), 404, "not_found")
        problem_of(api.delete(f"/topics/{key}/subscription"), 404, "not_found")
    assert TopicMember.objects.get().subscriber == alice


def test_one_address_answers_each_caller_their_own_way(server: Api, as_alice: Api, nobody: Api) -> None:
    server.put("/topics/news", {"open": True})
    assert "created_at" in server.get("/topics").json()["items"][0]
    assert "following" in as_alice.get("/topics").json()["items"][0]
    with_header = Api(headers={"X-API-Key": server.credential})
    assert "created_at" in with_header.get("/topics").json()["items"][0]
    problem_of(as_alice.post("/topics", {"key": "mine"}), 401, "api_key_malformed")
    problem_of(nobody.get("/topics"), 401, "unauthorised")
    problem_of(Api("hub_nonsense").get("/topics"), 401, "api_key_malformed")
    assert nobody.call("OPTIONS", "/topics").status_code == 204
