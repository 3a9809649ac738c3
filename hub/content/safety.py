"""What may be shown: a small subset of HTML, and links that lead to web pages, mail or the application itself."""

import html
import re
from urllib.parse import urlsplit

import nh3

from hub.content.values import check_text
from hub.exceptions import InvalidRequest

MAX_URL = 2_000
# Reading HTML takes time by the square of how deep it is nested.
MAX_TAGS = 5_000
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
# A mail is shown by a mail program, apart from anybody's page: it may be laid out and coloured.
EMAIL_TAGS = TAGS | {
    "center",
    "caption",
    "col",
    "colgroup",
    "figure",
    "figcaption",
    "font",
    "h5",
    "h6",
    "section",
    "style",
}
EMAIL_TAGS |= {"article", "dd", "dl", "dt", "footer", "header", "main", "tfoot"}
_LOOKS = {"align", "bgcolor", "class", "dir", "height", "id", "lang", "role", "style", "valign", "width"}
EMAIL_ATTRIBUTES = {
    "*": _LOOKS,
    "a": {"href", "title", "target"},
    "font": {"color", "face", "size"},
    "img": {"src", "alt", "border"},
    "style": {"media"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "background"},
    "th": {"colspan", "rowspan", "scope"},
}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BLOCKS = re.compile(r"</(p|div|li|h[1-4]|tr|blockquote|pre)>|<br\s*/?>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]*\n\s*\n\s*")


def check_html(value: object, *, field: str, limit: int) -> str:
    """`value` as HTML that is not cleaned yet: text of at most `limit` characters and MAX_TAGS tags."""
    source = check_text(value, field=field, limit=limit, control=True)
    if source.count("<") > 2 * MAX_TAGS:
        raise InvalidRequest.on(field, f"At most {MAX_TAGS} elements.", "too_long")
    return source


def clean_html(source: str) -> str:
    """`source` without scripts, styles, forms, event handlers and links that lead elsewhere than to http(s) or mail."""
    return source and nh3.clean(
        source,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
        attribute_filter=_safe_attribute,
    )


def clean_email(source: str) -> str:
    """`source` as the HTML of a mail: as `clean_html`, but with styles and what lays out a mail."""
    return nh3.clean(
        source,
        tags=EMAIL_TAGS,
        attributes=EMAIL_ATTRIBUTES,
        clean_content_tags={"script"},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
        attribute_filter=_safe_attribute,
    )


def text_of(source: str) -> str:
    """What cleaned HTML says, as plain text."""
    text = source and nh3.clean(_BLOCKS.sub(lambda match: f"{match[0]}\n", source), tags=set())
    return _BLANKS.sub("\n\n", html.unescape(text)).strip()


def check_url(value: object, *, field: str, mail: bool = True) -> str:
    """`value` as a link: https:, mailto: (when `mail`), http: on loopback only, or a path with one leading slash."""
    url = check_text(value, field=field, limit=MAX_URL)
    if url and not is_safe_url(url, mail=mail):
        raise InvalidRequest.on(field, "Use https:, mailto: or a path beginning with one slash.", "url")
    return url


def check_fetched(value: object, field: str) -> str:
    """`value` as a link that a reader's device fetches by itself, such as an image: https: alone."""
    url = check_url(value, field=field, mail=False)
    if not url.startswith("https:"):
        raise InvalidRequest.on(field, "Use https:, as the reader's device fetches it.", "url")
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
    if name in {"href", "src", "background"} and not is_safe_url(value, mail=name == "href"):
        return None
    return value
