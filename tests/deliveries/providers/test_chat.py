"""Chats: what is said arrives, what looks like markup does nothing, and each one's own refusals."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from pytest_django import Settings

from deliveries.providers.base import Receipt, Sent
from deliveries.providers.errors import Configuration
from hub.policy.retry import Outcome
from hub.providers.kinds import kind_class
from project.emulators.base import Emulator
from project.emulators.chat_webhook import SIGNING_SECRET, ChatWebhook
from project.emulators.discord import Discord
from project.emulators.recorder import Message
from project.emulators.script import Refusal, Reply
from project.emulators.serving import serving
from project.emulators.slack import Slack
from project.emulators.teams import Teams
from project.emulators.telegram import Telegram
from tests.deliveries.providers.subjects import SUBJECTS, Subject
from tests.support.outbound import let_in
from tests.support.works import carry, make_account, make_work

CHATS = [subject for subject in SUBJECTS if kind_class(subject.kind).channel == "chat"]
every_chat = pytest.mark.parametrize("subject", CHATS, ids=lambda subject: subject.name)

INJECTIONS = [
    *("@everyone", "@here", "<@U024BE7LH>", "<!channel>", "<!here>", "<!subteam^S1|all>", "<#C024BE91L>", "<@&1>"),
    *("<@!123456789012345678>", "<id:home>", "<:smile:1>", "<t:1:R>", "</command:1>", "<at>Alice</at>", "@channel"),
    *("[bank](https://evil.example)", "<https://evil.example|bank>", "![i](https://evil.example/i.png)"),
    *("[x]: https://evil.example", "<a href='https://evil.example'>bank</a>", "</b><a href=tg://user?id=1>x</a>"),
    *("**bold** __under__ *it* _it_ ~~no~~ ~no~ `code` ||spoiler||", "```\ncode\n```", "> quote", "# head", "- item"),
    *(
        "1. one\n2. two",
        "&lt;!channel&gt;",
        "&amp;",
        "\\[x\\](y)",
        "\\",
        "a & b < c > d",
        '", "parse_mode": "x',
        "{{x}}",
    ),
    *("<script>alert(1)</script>", "<b", "</b>", "<pre>", "<tg-spoiler>x</tg-spoiler>", "${x}", "%3Cb%3E", "\u202eabc"),
    *("https://shop.example/a_b*c_(d)", "see https://shop.example/[x](https://evil.example) now", ":smile:", "*", "_"),
]


@pytest.fixture(scope="module")
def emulators() -> Iterator[dict[str, Emulator]]:
    every = [Slack(), Teams(), Discord(), Telegram(), ChatWebhook()]
    with serving(*every):
        yield {emulator.name: emulator for emulator in every}


@pytest.fixture(autouse=True)
def _behaving(emulators: dict[str, Emulator], settings: Settings) -> None:
    let_in(settings, emulators["slack"].url)
    for emulator in emulators.values():
        emulator.script.behave()
        emulator.recorder.clear()


def send(subject: Subject, url: str, **said: Any) -> Receipt:
    content = {"title": "", "body": "", "action_url": ""} | said
    account = make_account(subject.kind, subject.config_for(url))
    (receipt,) = carry(account, make_work(content, address="", data=subject.data(url)))
    return receipt


def subject_of(name: str) -> Subject:
    return next(subject for subject in CHATS if subject.name == name)


@every_chat
def test_title_body_and_link_arrive(subject: Subject, emulators: dict[str, Emulator]) -> None:
    emulator = emulators[subject.kind]
    receipt = send(subject, emulator.url, title="News", body="It is here.\nReally.", action_url="/orders/1")
    assert isinstance(receipt, Sent)
    (message,) = emulator.recorder.taken()
    shown = f"{message.title} {message.body}".replace("\\", "")
    assert [word in shown for word in ("News", "It is here.", "Really.")] == [True] * 3
    assert "/orders/1" in repr(message.asked)
    if subject.name != "slack by its address":  # it says `ok`, and no more
        assert receipt.message_id == message.id


@every_chat
@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "ftp://x.example", "http://["]
)
def test_only_pages_are_linked(subject: Subject, url: str, emulators: dict[str, Emulator]) -> None:
    assert send(subject, emulators[subject.kind].url, body="Hello", action_url=url).outcome == Outcome.SENT
    asked = emulators[subject.kind].recorder.taken()[0].asked
    assert url not in repr(asked)


@every_chat
def test_what_is_too_long_is_cut(subject: Subject, emulators: dict[str, Emulator]) -> None:
    emulator = emulators[subject.kind]
    for letter in ("x", "я", "\U0001f600", "*", "<"):
        if (subject.kind, letter) == (
            "telegram",
            "<",
        ):  # Telegram counts after reading the entities, its emulator before
            continue
        receipt = send(
            subject, emulator.url, title=letter * 5_000, body=letter * 50_000, action_url="https://a.example/"
        )
        assert receipt.outcome == Outcome.SENT, (letter, receipt)


@every_chat
def test_nothing_to_say_costs_no_call(subject: Subject, emulators: dict[str, Emulator]) -> None:
    assert send(subject, emulators[subject.kind].url, title=" \n", body="").outcome == Outcome.PERMANENT
    assert emulators[subject.kind].recorder.asked() == []


@every_chat
def test_what_a_stranger_writes_is_text_and_nothing_else(subject: Subject, emulators: dict[str, Emulator]) -> None:
    emulator = emulators[subject.kind]
    for injection in INJECTIONS:
        receipt = send(subject, emulator.url, title=f"Title {injection}", body=f"Body {injection}")
        assert receipt.outcome == Outcome.SENT, injection
        message = emulator.recorder.taken()[-1]
        title = " ".join(f"Title {injection}".split())
        assert READ_BACK[subject.kind](message) == (title, f"Body {injection}"), injection
    assert len(emulator.recorder.taken()) == len(INJECTIONS)


def _from_slack(message: Message) -> tuple[str, str]:
    """Every text is plain, and what notifications show has nothing in brackets."""
    asked = message.asked
    texts = [block["text"] for block in asked["blocks"]]
    assert {text["type"] for text in texts} == {"plain_text"}
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", asked["text"])
    assert (asked["mrkdwn"], asked["unfurl_links"], asked["unfurl_media"], "link_names" in asked) == (False,) * 4
    assert html.unescape(asked["text"]) == "\n".join(text["text"] for text in texts)
    return texts[0]["text"], texts[1]["text"]


def _from_teams(message: Message) -> tuple[str, str]:
    """No block reads Markdown, nobody is mentioned."""
    (attachment,) = message.asked["attachments"]
    card = attachment["content"]
    assert card.keys() == {"type", "version", "body"}
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    title, *lines = [block["inlines"][0]["text"] for block in card["body"]]
    return title, "\n".join(lines)


def _from_discord(message: Message) -> tuple[str, str]:
    """Nobody is pinged, and Discord's own way of reading it finds no markup."""
    asked = message.asked
    assert asked.keys() == {"embeds", "allowed_mentions"}
    assert asked["allowed_mentions"] == {"parse": []}
    (embed,) = asked["embeds"]
    return _unescaped(embed["title"]), _unescaped(embed["description"])


def _unescaped(text: str) -> str:
    bare = re.sub(r"\\(.)", "", re.sub(r"(?<!\\)https?://[^\s<>\\\[\]()*`|]+", "", text), flags=re.DOTALL)
    assert not re.search(r"[*~`|<>@#\[\]()]|_", bare), text
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text)


class _Tags(HTMLParser):
    """What Telegram would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _from_telegram(message: Message) -> tuple[str, str]:
    """The only tag is our own."""
    asked = message.asked
    assert asked.keys() == {"chat_id", "text", "parse_mode", "link_preview_options"}
    read = _Tags()
    read.feed(asked["text"])
    read.close()
    assert read.tags == ["b"]
    title, _, body = read.text.partition("\n")
    return title, body


def _from_chat_webhook(message: Message) -> tuple[str, str]:
    return message.asked["title"], message.asked["body"]


READ_BACK = {
    "slack": _from_slack,
    "teams": _from_teams,
    "discord": _from_discord,
    "telegram": _from_telegram,
    "chat_webhook": _from_chat_webhook,
}


@pytest.mark.parametrize(
    ("name", "refusal", "outcome"),
    [
        *(("slack", Refusal(200, code), "address_dead") for code in ("channel_not_found", "is_archived")),
        *(
            ("slack", Refusal(200, code), "configuration")
            for code in ("invalid_auth", "token_revoked", "missing_scope")
        ),
        *(("slack", Refusal(200, code), "permanent") for code in ("msg_too_long", "restricted_action")),
        *(("slack", Refusal(200, code), "ambiguous") for code in ("fatal_error", "something_new")),
        ("slack", Refusal(200, "ratelimited"), "throttled"),
        *(("slack by its address", Refusal(404, code), "address_dead") for code in ("no_service", "channel_not_found")),
        ("slack by its address", Refusal(403, "invalid_token"), "address_dead"),
        ("slack by its address", Refusal(400, "invalid_payload"), "permanent"),
        ("slack by its address", Refusal(500, "rollup_error"), "ambiguous"),
        ("teams by its address", Refusal(400, "WorkflowTriggerIsNotEnabled"), "address_dead"),
        *(
            ("discord", Refusal(403, code), outcome)
            for code, outcome in (("50007", "address_dead"), ("50001", "permanent"))
        ),
        ("discord", Refusal(401, "0"), "configuration"),
        ("discord", Refusal(404, "10003"), "address_dead"),
        ("discord by its address", Refusal(401, "50027"), "address_dead"),
        ("telegram", Refusal(403, message="Forbidden: bot was kicked from the group chat"), "address_dead"),
        ("telegram", Refusal(400, message="Bad Request: message is too long"), "permanent"),
        ("telegram", Refusal(400, message="Bad Request: PEER_ID_INVALID"), "address_dead"),
        ("telegram", Refusal(401), "configuration"),
    ],
)
def test_its_own_refusals(name: str, refusal: Refusal, outcome: str, emulators: dict[str, Emulator]) -> None:
    subject = subject_of(name)
    emulators[subject.kind].script.then(refusal)
    assert send(subject, emulators[subject.kind].url, body="Hello").outcome == outcome


def test_discord_wants_parts_of_a_second(emulators: dict[str, Emulator]) -> None:
    emulators["discord"].script.then(Reply(429, b'{"retry_after": 0.65, "global": false}', {"retry-after": "1"}))
    assert send(subject_of("discord"), emulators["discord"].url, body="Hello").retry_after == 0.65


def test_telegram_tells_how_long_in_its_body(emulators: dict[str, Emulator]) -> None:
    emulators["telegram"].script.then(Reply(429, b'{"ok": false, "parameters": {"retry_after": 35}}'))
    assert send(subject_of("telegram"), emulators["telegram"].url, body="Hello").retry_after == 35


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_without_a_token_only_webhooks_are_reached(kind: str, emulators: dict[str, Emulator]) -> None:
    account = make_account(kind, {"url": emulators[kind].url})
    (receipt,) = carry(account, make_work(data={"address": "C024BE91L"}))
    assert (receipt.outcome, receipt.code) == (Outcome.CONFIGURATION, "no_token")
    assert emulators[kind].recorder.asked() == []


@pytest.mark.parametrize("token", ["", "1:a/../../x", "1:a?x=", "token"])
def test_a_token_that_would_lead_elsewhere_is_refused(token: str) -> None:
    with pytest.raises(Configuration):
        kind_class("telegram")(make_account("telegram", {"token": token}))


def test_a_webhook_of_ones_own_is_signed_and_names_its_repeats(emulators: dict[str, Emulator]) -> None:
    hook = subject_of("chat_webhook by its address")
    for _ in range(2):
        send(hook, emulators["chat_webhook"].url, title="News", body="Hello", action_url="https://shop.example/1")
    first, second = emulators["chat_webhook"].recorder.taken()
    assert first.asked == {
        "id": "01932d3f-0000-7000-8000-000000000001.0",
        "event": "comment.created",
        "title": "News",
        "body": "Hello",
        "url": "https://shop.example/1",
    }
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == first.asked["id"]


def test_a_wrong_signature_is_seen_by_its_receiver(emulators: dict[str, Emulator]) -> None:
    hook, emulator = subject_of("chat_webhook by its address"), emulators["chat_webhook"]
    assert isinstance(emulator, ChatWebhook)
    emulator.secret = SIGNING_SECRET
    try:
        assert send(hook, emulator.url, body="Hello").outcome == Outcome.SENT
        emulator.secret = "whsec_b3RoZXI="
        assert send(hook, emulator.url, body="Hello").outcome == Outcome.CONFIGURATION
    finally:
        emulator.secret = ""
