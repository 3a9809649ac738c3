"""What an address looks like in each kind of chat."""

import re

from hub.chat.models import ChatAddress
from hub.content.values import check_text
from hub.exceptions import InvalidRequest
from hub.outbound import MAX_URL, checked_url

Kind = ChatAddress.Kind
# ids that take the place of a URL
_IDS = {
    Kind.SLACK: re.compile(r"[CDGUW][A-Z0-9]{6,20}"),
    Kind.DISCORD: re.compile(r"[0-9]{15,21}"),
    Kind.TELEGRAM: re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}"),
}
_WANTED = {
    Kind.SLACK: "Give the id of a channel or member, such as C024BE91L, or the URL of an incoming webhook.",
    Kind.TEAMS: "Give the https URL of a workflow that takes messages.",
    Kind.DISCORD: "Give the id of a channel, or the URL of a webhook.",
    Kind.TELEGRAM: "Give the id of a chat, such as -1001234567890, or the @name of a channel.",
    Kind.CHAT_WEBHOOK: "Give an https URL.",
}


def checked_address(kind: str, value: object) -> str:
    """`value`, if it can be an address in this kind of chat. URLs lead to public addresses only. Raises InvalidRequest."""
    text = check_text(value, field="address", limit=MAX_URL)
    ids = _IDS.get(Kind(kind))
    if ids and ids.fullmatch(text):
        return text
    if kind == Kind.TELEGRAM or "://" not in text:
        raise InvalidRequest.on("address", _WANTED[Kind(kind)])
    return checked_url(text, field="address")
