"""What may be shown: a small subset of HTML, and links that lead to web pages, mail or the application itself."""

import html
import re
from urllib.parse import urlsplit

import nh3

from hub.content.values import check_text
from hub.exceptions import InvalidRequest

MAX_URL = 2_000
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol"),
    *("p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BLOCKS = re.compile(r"</(p|div|li|h[1-4]|tr|blockquote|pre)>|<br\s*/?>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]*\n\s*\n\s*")


def clean_html(source: str) -> str:
    """`source` without scripts, styles, forms, event handlers and links that lead elsewhere than to http(s) or mail."""
    return nh3.clean(
        source,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
        attribute_filter=_safe_attribute,
    )


def text_of(source: str) -> str:
    """What cleaned HTML says, as plain text."""
    text = nh3.clean(_BLOCKS.sub(lambda match: f"{match[0]}\n", source), tags=set())
    return _BLANKS.sub("\n\n", html.unescape(text)).strip()


def check_url(value: object, *, field: str, mail: bool = True) -> str:
    """`value` as a link: https:, mailto: (when `mail`), http: on loopback only, or a path with one leading slash."""
    url = check_text(value, field=field, limit=MAX_URL)
    if url and not is_safe_url(url, mail=mail):
        raise InvalidRequest.on(field, "Use https:, mailto: or a path beginning with one slash.", "url")
    return url


def is_safe_url(url: str, *, mail: bool = True) -> bool:
    """Whether a browser that follows `url` stays with https, mail or the page's own origin."""
    if "\\" in url or any(character.isspace() for character in url):
        return False
    if url.startswith("/"):
        return not url.startswith("//")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return mail and "@" in parts.path
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _safe_attribute(tag: str, name: str, value: str) -> str | None:
    if name in {"href", "src"} and not is_safe_url(value, mail=name == "href"):
        return None
    return value
