"""Where what is shown leads to."""

from collections.abc import Collection
from urllib.parse import urljoin, urlsplit

from hub.conf import conf


def absolute(url: object, schemes: Collection[str]) -> str:
    """`url` as an absolute link, relative ones taken from the hub's own address; empty if it is of none of these schemes."""
    if not url:
        return ""
    try:
        link = urljoin(conf.public_url, str(url))
        return link if urlsplit(link).scheme in schemes else ""
    except ValueError:
        return ""
