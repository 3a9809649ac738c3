"""Every webhook that GitHub documents becomes a message that a person can read, and the hub can keep."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.github.conftest import Webhook
from examples.github.families import FAMILIES
from examples.github.hub import event_type
from examples.github.payload import is_link
from examples.github.people import mentioned
from examples.github.translate import Message, translate
from hub.content.keys import check_key
from hub.content.render import render
from hub.content.services import check_ladder
from hub.tenancy.models import Tenant

WORDS = st.sampled_from(
    ["\ud800", "a\x00b", "https://a.example/ b", "@bob", "[bot]", "{who}", "refs/heads/x", "x" * 300]
)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9) | WORDS, st.lists, max_leaves=5)
NAMES = """action sender repository login full_name owner type html_url number title name issue pull_request user
    assignees comment body merged commits message ref state"""
KEYS = st.sampled_from(NAMES.split())
PAYLOADS = st.dictionaries(KEYS, st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON)) | JSON)


def opened(**fields: Any) -> Message:
    """The message for an issue that mona opened in octo/repo, changed by `fields`."""
    payload = {
        "action": "opened",
        "issue": {"number": 7, "title": "It leaks", "html_url": "https://github.com/octo/repo/issues/7"},
        "repository": {"full_name": "octo/repo", "owner": {"login": "Octo", "type": "User"}},
        "sender": {"login": "mona", "type": "User"},
    }
    return translate("issues", {**payload, **fields})


def check(message: Message) -> None:
    """All that the hub and a reader ask of a message; the hub's own checks are the judge."""
    assert 0 < len(message.title) <= 200
    assert message.title.isprintable()
    assert "{" not in message.title.replace("{who}", "")
    assert is_link(message.action_url)
    assert len(message.group_key) <= 200
    assert all(1 <= len(tag) <= 100 for tag in message.tags)
    assert list(message.recipients) == sorted({login.lower() for login in message.recipients})
    check_key(message.event, field="event")
    check_key(message.category, field="category")
    check_ladder(event_type(message)["ladder"])
    given = {name: getattr(message, name) for name in ("title", "body", "action_url")}
    content, _ = render(tenant=Tenant(), template={}, given=given, actor=message.actor).whole()
    assert content["title"] == message.title


def test_every_real_payload_becomes_a_readable_message(webhooks: list[Webhook]) -> None:
    for event, payload in webhooks:
        message = translate(event, payload)
        check(message)
        assert event in FAMILIES
        assert message.title[-1] not in ' :"' or message.title.count('"') % 2 == 0
        assert "  " not in message.title
        assert (message.actor is None) == ("sender" not in payload)
        assert message.recipients or "sender" not in payload
        if "sender" in payload:
            assert (message.actor or {})["name"] == payload["sender"]["login"]


def test_there_are_329_payloads_of_58_events(webhooks: list[Webhook]) -> None:
    assert len(webhooks) == 329
    assert len({event for event, _ in webhooks}) == 58


def test_a_redelivery_is_the_same_request(webhooks: list[Webhook]) -> None:
    assert all(translate(*webhook).request() == translate(*webhook).request() for webhook in webhooks)


@settings(max_examples=60, deadline=None)
@given(event=st.sampled_from([*FAMILIES, "issue!! {ref}", "custom_property", "x" * 190]), payload=PAYLOADS)
def test_no_payload_is_too_strange(event: str, payload: dict[str, Any]) -> None:
    check(translate(event, payload))


def test_a_sentence_says_who_did_what_where() -> None:
    assert opened().title == 'mona opened issue #7 "It leaks" in octo/repo'
    assert opened().event == "github.issues.opened"
    assert opened().group_key == "github:octo/repo#7"


def test_an_event_that_is_not_in_the_table_is_told_in_its_own_words() -> None:
    payload = {"action": "promoted", "custom_property": {"name": "tier", "html_url": "https://github.com/p"}}
    message = translate("custom_property", {**payload, "sender": {"login": "mona"}})
    assert message.title == 'mona promoted custom property "tier"'
    assert (message.event, message.action_url) == ("github.custom_property.promoted", "https://github.com/p")


def test_a_pull_request_that_closes_merged_is_merged() -> None:
    pull_request = {"number": 1, "title": "Fix", "merged": True}
    assert translate("pull_request", {"action": "closed", "pull_request": pull_request}).title.startswith(
        "GitHub merged"
    )


def test_a_long_title_ends_in_an_ellipsis() -> None:
    message = opened(issue={"number": 7, "title": "word " * 80})
    assert message.title.startswith('mona opened issue #7 "word word')
    assert "…" in message.title


@pytest.mark.parametrize(
    "link", ["http://github.com/x", "javascript:alert(1)", "https://github.com/a b", "https://\\a"]
)
def test_a_link_that_is_none_gives_way_to_the_repository(link: str) -> None:
    assert opened(issue={"number": 7, "html_url": link}).action_url == "https://github.com/octo/repo"


def test_who_is_concerned_hears_of_it_and_who_did_it_does_not() -> None:
    issue = {
        "user": {"login": "Reporter"},
        "assignees": [{"login": "Hubot", "type": "User"}, {"login": "mona", "type": "User"}],
        "body": "@Ada and me@example.com, see `@code` and @octo/team",
    }
    assert opened(issue=issue).recipients == ("ada", "hubot", "octo", "reporter")


@pytest.mark.parametrize(
    ("owner", "sender", "told"),
    [
        ({"login": "mona"}, {"login": "Mona", "type": "User"}, ("mona",)),
        ({"login": "Guild", "type": "Organization"}, {"login": "Mona", "type": "User"}, ("mona",)),
        ({"login": "Guild", "type": "Organization"}, {"login": "robot[bot]", "type": "Bot"}, ("guild",)),
        ({}, {}, ()),
    ],
)
def test_with_nobody_else_left_the_sender_is_told(
    owner: dict[str, str], sender: dict[str, str], told: tuple[str, ...]
) -> None:
    assert opened(repository={"owner": owner}, sender=sender).recipients == told


@pytest.mark.parametrize(
    ("text", "logins"),
    [
        ("@ada, @Bob-2! (@cy)", {"ada", "bob-2", "cy"}),
        ("a@b.example @org/team user/@x", set()),
        ("```\n@in_a_block\n``` then `@inline` @out", {"out"}),
        ("@trailing- @-leading @bot[bot]", set()),
    ],
)
def test_mentions(text: str, logins: set[str]) -> None:
    assert mentioned(text) == logins
