"""Telegram: as a bot to a chat."""

import html
import re
from typing import Any

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.chat import ChatProvider, Said, address_of
from deliveries.providers.errors import AddressDead, Configuration
from deliveries.providers.http import API_URL
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_TOKEN = re.compile(r"\d{1,20}:[\w-]{1,100}")


class Telegram(ChatProvider):
    """A message in HTML, all of whose tags are ours."""

    settings = (
        Setting("token", "The bot's token, such as 123456:ABC…", secret=True),
        API_URL,
    )
    # 4,096 characters in all
    limits = {"title": 256, "body": 3_800}
    # what follows "Bad Request: "; a 403 is always the chat: blocked, left, never begun
    codes = dict.fromkeys(
        (
            *("chat not found", "user not found", "user is deactivated", "PEER_ID_INVALID", "chat_id is empty"),
            *("group chat was upgraded to a supergroup chat", "the group chat was deleted", "CHAT_ID_INVALID"),
        ),
        AddressDead,
    )
    statuses = {403: AddressDead}

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        token = self.needed("token")
        if not _TOKEN.fullmatch(token):
            raise Configuration("no_token", "this is no token of a bot")
        self._url = f"{self.base('https://api.telegram.org')}/bot{token}/sendMessage"

    async def deliver(self, work: Work) -> Sent:
        answer = await self.post_json(self._url, {"chat_id": address_of(work), **content_of(self.said(work))})
        said = fields_of(answer)
        if said.get("ok") is not True:
            raise self.refused(answer)
        return Sent(str((said.get("result") or {}).get("message_id") or ""), str(answer.status))

    def code_of(self, answer: Answer) -> str:
        """It has no codes: what it says, without `Bad Request`."""
        return str(fields_of(answer).get("description") or "").partition(": ")[2]

    def retry_after(self, answer: Answer) -> float | None:
        """It says so in the body."""
        seconds = (fields_of(answer).get("parameters") or {}).get("retry_after")
        return float(seconds) if isinstance(seconds, int | float) else super().retry_after(answer)


def content_of(said: Said) -> dict[str, Any]:
    """The title bold, the body below it, the link as a button; no preview of what the text may name."""
    title = f"<b>{html.escape(said.title, quote=False)}</b>" if said.title else ""
    text = "\n".join(part for part in (title, html.escape(said.body, quote=False)) if part)
    content: dict[str, Any] = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    if said.link:
        content["reply_markup"] = {"inline_keyboard": [[{"text": said.link_name, "url": said.link}]]}
    return content
