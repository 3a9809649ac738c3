"""The chats' emulators: what a room would show, and each one's own way to refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook

from project.emulators.chat_webhook import ChatWebhook
from project.emulators.discord import Discord
from project.emulators.recorder import Recorder
from project.emulators.script import Refusal
from project.emulators.slack import Slack
from project.emulators.teams import CARD, Teams
from project.emulators.telegram import Telegram
from tests.emulators.http import Answer, post

recorder = Recorder()
slack, teams, discord = Slack(recorder), Teams(recorder), Discord(recorder)
telegram, chat_webhook = Telegram(recorder), ChatWebhook(recorder)
EVERY = (slack, teams, discord, telegram, chat_webhook)


def by_hook(**content: Any) -> Answer:
    return post(slack.hook(), content=content or {"text": "Hello"})


def by_slack(channel: str = "C1", token: str = slack.token) -> Answer:
    content = {"channel": channel, "text": "Hello"}
    return post(f"{slack.url}/api/chat.postMessage", content=content, authorization=f"Bearer {token}")


def by_teams(workflow: str = "emulated") -> Answer:
    card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Hello"}]}
    return post(teams.hook(workflow), content={"attachments": [{"contentType": CARD, "content": card}]})


def by_discord(content: str = "Hello", wait: str = "true", webhook: str = "1") -> Answer:
    return post(f"{discord.hook(webhook)}?wait={wait}", content={"content": content})


def by_bot(channel: str = "2", token: str = discord.token) -> Answer:
    content = {"content": "Hello"}
    return post(f"{discord.url}/api/v10/channels/{channel}/messages", content=content, authorization=f"Bot {token}")


def by_telegram(chat: str = "42", token: str = telegram.token, text: str = "Hello") -> Answer:
    return post(f"{telegram.url}/bot{token}/sendMessage", content={"chat_id": chat, "text": text})


def by_webhook() -> Answer:
    return post(f"{chat_webhook.url}/in", content={"title": "", "body": "Hello"})


@pytest.mark.parametrize("send", [by_hook, by_slack, by_teams, by_discord, by_bot, by_telegram, by_webhook])
def test_a_message_is_taken_and_recorded(send: Callable[[], Answer]) -> None:
    assert send().status in (200, 202, 204)
    (message,) = recorder.taken()
    assert (message.channel, message.body) == ("chat", "Hello")


def test_the_answers_tell_the_messages_id() -> None:
    assert by_slack().json["ts"] == recorder.taken()[-1].id
    assert by_discord().json["id"] == recorder.taken()[-1].id
    assert by_bot().json["id"] == recorder.taken()[-1].id
    assert by_discord(wait="false")[::2] == (204, b"")
    assert by_telegram().json["result"]["message_id"] == int(recorder.taken()[-1].id)
    assert by_hook().body == b"ok"


@pytest.mark.parametrize(
    ("send", "status", "says"),
    [
        (lambda: by_hook(blocks=[]), 400, b"no_text"),
        (lambda: by_slack(token="wrong"), 200, b'"invalid_auth"'),
        (lambda: by_slack(channel=""), 200, b'"channel_not_found"'),
        (lambda: post(teams.hook(), content={}), 400, b"TriggerInputSchemaMismatch"),
        (lambda: by_discord(""), 400, b"50006"),
        (lambda: by_discord("x" * 2001), 400, b"50035"),
        (lambda: by_bot(token="wrong"), 401, b"401: Unauthorized"),
        (lambda: by_telegram(token="wrong"), 401, b"Unauthorized"),
        (lambda: by_telegram(text="x" * 4097), 400, b"too long"),
        (lambda: by_telegram(chat=""), 400, b"chat_id is empty"),
    ],
)
def test_what_is_refused(send: Callable[[], Answer], status: int, says: bytes) -> None:
    answer = send()
    assert answer.status == status
    assert says in answer.body
    assert not recorder.taken()


def test_telegram_reads_html_as_a_person_does() -> None:
    content = {"chat_id": "42", "text": "<b>1 &lt; 2</b>\n\nTrue, <i>really</i>", "parse_mode": "HTML"}
    assert post(f"{telegram.url}/bot{telegram.token}/sendMessage", content=content).status == 200
    (message,) = recorder.taken()
    assert (message.title, message.body) == ("1 < 2", "True, really")


def test_rooms_that_are_gone() -> None:
    slack.channels["C9"], telegram.chats["9"] = "is_archived", 403
    teams.gone.add("9")
    discord.gone.add("9")
    assert by_slack("C9").json["error"] == "is_archived"
    assert by_telegram("9").json["error_code"] == 403
    assert (by_teams("9").status, by_discord(webhook="9").json["code"]) == (404, 10015)


def test_limits_in_each_ones_words() -> None:
    for emulator in EVERY:
        emulator.script.always(Refusal(429, retry_after=7))
    answers = [send() for send in (by_hook, by_slack, by_teams, by_discord, by_telegram, by_webhook)]
    assert {(answer.status, answer.headers["retry-after"]) for answer in answers} == {(429, "7")}
    assert answers[1].json == {"ok": False, "error": "ratelimited"}
    assert answers[3].json["retry_after"] == 7
    assert answers[4].json["parameters"] == {"retry_after": 7}


def test_a_signed_webhook_is_believed_only_with_its_signature() -> None:
    chat_webhook.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    try:
        url = f"{chat_webhook.url}/in"
        assert post(url, content={}).status == 401
        at, body = chat_webhook.clock.today(), '{"body": "Hello"}'
        signature = Webhook(chat_webhook.secret).sign("m1", at, body)
        headers = {"webhook_id": "m1", "webhook_timestamp": str(int(at.timestamp())), "webhook_signature": signature}
        assert post(url, content={"body": "Hello"}, **headers).status == 204
        assert post(url, content={"body": "Other"}, **headers).status == 401
    finally:
        chat_webhook.secret = ""
