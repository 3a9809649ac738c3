"""The message that a notification becomes: text, an HTML alternative, and headers that nobody can inject into."""

import unicodedata
from collections.abc import Mapping, Sequence
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urljoin, urlsplit

import nh3
from anymail.message import AnymailMessage
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string

from deliveries.providers.errors import AddressDead, Permanent
from hub.conf import conf
from hub.fallback.work import Work

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
LONGEST_SUBJECT = 200


def build(work: Work) -> AnymailMessage:
    """The message for one work. Raises Permanent or AddressDead when there can be none."""
    message = _said(work)
    message.to = [_address(work.address)]
    message.extra_headers = _headers(work)
    message.metadata = _metadata(work)
    return message


def build_shared(works: Sequence[Work]) -> AnymailMessage:
    """One message for works that say the same: each recipient gets it alone, with headers and metadata of their own."""
    message = _said(works[0])
    message.to = [_address(work.address) for work in works]
    message.merge_headers = {work.address: _headers(work) for work in works}
    message.merge_metadata = {work.address: _metadata(work) for work in works}
    return message


def _said(work: Work) -> AnymailMessage:
    """What the message says, and who."""
    context = _context(work)
    message = AnymailMessage(
        subject=_subject(work),
        body=render_to_string("deliveries/email.txt", context).strip() + "\n",
        from_email=_sender(work),
        reply_to=_reply_to(work),
    )
    message.attach_alternative(render_to_string("deliveries/email.html", context), "text/html")
    return message


def _headers(work: Work) -> dict[str, str]:
    return {"Message-ID": _message_id(work), "Auto-Submitted": "auto-generated"}


def _metadata(work: Work) -> dict[str, str]:
    """What comes back with whatever the provider tells of this message."""
    return {"delivery_id": str(work.delivery_id)}


def one_line(header: str, value: str) -> str:
    """`value`, if it is fit for a header: a line break is how a message gets headers, or recipients, of a stranger's
    choosing. Every control and separator character counts, as Python's own header folding splits at most of them."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise Permanent("header_injection", f"a control character in {header}")
    return value


def _subject(work: Work) -> str:
    said = work.content.get("subject") or work.content.get("title")
    title = one_line("subject", str(said or "").strip().replace("\t", " "))
    return (title or _first_line(str(work.content.get("body") or "")) or work.event)[:LONGEST_SUBJECT]


def _sender(work: Work) -> str:
    """The account's address, or the hub's own, always: a notification only says under which name."""
    name = one_line("from", str(work.content.get("from_name") or ""))
    sender = one_line("from", str(work.account.config.get("from") or conf.from_email))
    return formataddr((name, parseaddr(sender)[1])) if name else sender


def _reply_to(work: Work) -> list[str]:
    reply_to = one_line("reply-to", str(work.account.config.get("reply_to") or ""))
    return [reply_to] if reply_to else []


def _first_line(body: str) -> str:
    line = next(iter(body.strip().splitlines()), "")
    return "".join(character for character in line if unicodedata.category(character) != "Cc")


def _address(address: str) -> str:
    """Exactly one address: `a@x, b@y` would be two recipients."""
    one_line("to", address)
    try:
        validate_email(address)
    except ValidationError as error:
        raise AddressDead("invalid_address") from error
    return address


def _message_id(work: Work) -> str:
    host = urlsplit(conf.public_url).hostname or "localhost"
    return one_line("message-id", f"<{work.message_id}@{host}>")


def _context(work: Work) -> Mapping[str, Any]:
    content = work.content
    return {
        "title": content.get("title") or "",
        "body": content.get("body") or "",
        # it was sanitised when it was accepted; sanitising it again costs little and guards what older rules let in
        "html": nh3.clean(str(content.get("html") or "")),
        "action_url": _link(content.get("action_url")),
        "locale": work.locale or "en",
    }


def _link(url: Any) -> str:
    """An absolute link, relative ones taken from the hub's own address; empty if a mail should not link there."""
    if not url:
        return ""
    try:
        link = urljoin(conf.public_url, str(url))
        return link if urlsplit(link).scheme in LINK_SCHEMES else ""
    except ValueError:
        return ""
