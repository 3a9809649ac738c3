"""What messages to chats through any provider have in common: what is said, how long it may be, and where it goes."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from deliveries.providers.errors import Permanent
from deliveries.providers.http import HttpProvider
from deliveries.providers.links import absolute
from hub.fallback.work import Work

WEB = ("http", "https")


@dataclass(frozen=True, slots=True)
class Said:
    """Plain text, without the markup of any chat. `link`: an absolute address of a page; empty where there is none."""

    title: str
    body: str
    link: str

    @property
    def link_name(self) -> str:
        """What a button to it says, in any language: where it leads."""
        return str(urlsplit(self.link).hostname or "")


class ChatProvider(HttpProvider):
    """`limits`: the characters of a title and a body that this chat shows."""

    channel = "chat"
    # a webhook's address is a stranger's choice; what it leads to today is not the chat's word that it is gone
    blocked = Permanent
    limits = {"title": 150, "body": 3_000}

    def said(self, work: Work) -> Said:
        """What is said, cut to what the chat shows. Raises Permanent where there is nothing."""
        title = " ".join(str(work.content.get("title") or "").split())
        body = str(work.content.get("body") or "").strip()
        if not title and not body:
            raise Permanent("empty", "there is neither a title nor a body")
        link = absolute(work.content.get("action_url"), WEB)
        return Said(cut(title, self.limits["title"]), cut(body, self.limits["body"]), link)


def address_of(work: Work) -> str:
    """An id that the chat gave, or the URL of a webhook. On record it goes by another name."""
    return str(work.data.get("address") or work.address)


def is_url(address: str) -> bool:
    """Whether an address is that of a webhook; else it is an id."""
    return "://" in address


def cut(text: str, limit: int) -> str:
    """`text`, or its beginning with an ellipsis, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
