"""Discord: by a channel's webhook, or as a bot to a channel."""

import re
from typing import Any
from urllib.parse import quote

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.chat import ChatProvider, Said, address_of, cut, is_url
from deliveries.providers.errors import AddressDead, Configuration, Permanent, Throttled
from deliveries.providers.http import API_URL
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

# a bare address stays one; everything else that could be markup, a mention or a link with a text of its own doesn't
_MARKUP = re.compile(r"(https?://[\w./?&=%#~:+,;-]+)|([\\*_~`|<>@#\[\]():-])")


class Discord(ChatProvider):
    """An embed with its markup escaped, that pings nobody."""

    hosts_vary = True
    settings = (
        Setting("token", "A bot's token, to write to channels without a webhook.", secret=True, required=False),
        API_URL,
    )
    limits = {"title": 256, "body": 4_000}
    codes = {
        # unknown webhook, channel, guild or user; a webhook's token; nobody whom a bot may write to
        **dict.fromkeys(("10003", "10004", "10013", "10015", "50007", "50027"), AddressDead),
        **dict.fromkeys(("40001", "40002"), Configuration),
        **dict.fromkeys(("20016", "20028", "31002"), Throttled),
        # may not write there, nothing said, more than fits
        **dict.fromkeys(("50001", "50006", "50013", "50035"), Permanent),
    }
    # what has no code comes from no webhook
    statuses = dict.fromkeys((404, 410), AddressDead)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url = f"{self.base('https://discord.com')}/api/v10/channels"

    async def deliver(self, work: Work) -> Sent:
        address, content = address_of(work), content_of(self.said(work))
        if is_url(address):
            # with `wait` it answers once the message is there, and names it
            answer = await self.post_json(f"{address}{'&' if '?' in address else '?'}wait=true", content)
        else:
            who = {"Authorization": f"Bot {self.needed('token')}"}
            answer = await self.post_json(f"{self._url}/{quote(address, safe='')}/messages", content, who)
        return Sent(str(fields_of(answer).get("id") or ""), str(answer.status))

    def code_of(self, answer: Answer) -> str:
        """0 is no code of its own."""
        return str(fields_of(answer).get("code") or "")

    def retry_after(self, answer: Answer) -> float | None:
        """Its body is finer than its header."""
        seconds = fields_of(answer).get("retry_after")
        return float(seconds) if isinstance(seconds, int | float) else super().retry_after(answer)


def content_of(said: Said) -> dict[str, Any]:
    """One embed; nobody in it is mentioned, whatever it says."""
    embed = {"title": cut(escaped(said.title), Discord.limits["title"]), "description": cut(escaped(said.body), 4_096)}
    embed["url"] = said.link
    return {"embeds": [{name: value for name, value in embed.items() if value}], "allowed_mentions": {"parse": []}}


def escaped(text: str) -> str:
    """`text` without what Discord takes for markup, mentions and links."""
    return _MARKUP.sub(lambda found: found[1] or f"\\{found[2]}", text)
