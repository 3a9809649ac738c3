"""The message that a notification becomes: text, an HTML alternative, and headers that nobody can inject into."""

import hashlib
import unicodedata
from collections.abc import Sequence
from email.utils import formataddr, parseaddr
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from anymail.message import AnymailMessage
from css_inline import CSSInliner
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string

from deliveries.providers.errors import AddressDead
from deliveries.providers.headers import one_line
from deliveries.providers.links import absolute
from hub.conf import conf
from hub.content.safety import clean_email
from hub.fallback.work import Work
from hub.tenancy.branding import Branding

LINK_SCHEMES = ("http", "https", "mailto")
LONGEST_SUBJECT = 200
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


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
    title, body, html = (str(work.content.get(name) or "") for name in ("title", "body", "html"))
    link = absolute(work.content.get("action_url"), LINK_SCHEMES)
    text, page = _bodies(title, body, html, link, work.locale or "en", work.branding)
    message = AnymailMessage(subject=_subject(work), body=text, from_email=_sender(work), reply_to=_reply_to(work))
    message.attach_alternative(page, "text/html")
    return message


def _headers(work: Work) -> dict[str, str]:
    """What is the recipient's own: nothing in the bodies is."""
    headers = {"Message-ID": _message_id(work), "Auto-Submitted": "auto-generated"}
    if work.group_key:
        headers |= dict.fromkeys(("In-Reply-To", "References"), _thread(work))
    if work.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{one_line('list-unsubscribe', work.unsubscribe_url)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _metadata(work: Work) -> dict[str, str]:
    """What comes back with whatever the provider tells of this message."""
    return {"delivery_id": str(work.delivery_id)}


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
    return one_line("message-id", f"<{work.message_id}@{_host()}>")


def _thread(work: Work) -> str:
    """What all mails of a group to one address seem to answer, so that mail programs show them together."""
    group = "\n".join((work.tenant, work.address, work.group_key))
    return f"<{hashlib.sha256(group.encode()).hexdigest()[:32]}.group@{_host()}>"


def _host() -> str:
    return urlsplit(conf.public_url).hostname or "localhost"


def _inlined(html: str) -> str:
    """Many mail programs read `style` attributes alone; what depends on the screen stays where it is."""
    return _INLINER.inline(html) if "<style" in html else html


@lru_cache(maxsize=32)
def _bodies(title: str, body: str, html: str, link: str, locale: str, brand: Branding) -> tuple[str, str]:
    """The text and the HTML: made once for all whom a notification tells the same.

    The tenant's postal address is in both, whatever was written.
    """
    # it was sanitised when it was accepted; sanitising it again costs little and guards what older rules let in
    html = clean_email(html)
    # only what was written as a mail has styles: it is laid out already
    laid_out = "<style" in html or " style=" in html
    context = {
        **{"title": title, "body": body, "html": html, "laid_out": laid_out, "action_url": link, "locale": locale},
        "brand": brand,
        "address_in_text": _unless_said(brand.address, body),
        "address_in_html": _unless_said(brand.address, unescape(html)),
    }
    text = render_to_string("deliveries/email.txt", context).strip() + "\n"
    return text, _inlined(render_to_string("deliveries/email.html", context))


def _unless_said(address: str | None, words: str) -> str:
    return address if address and address not in words else ""
