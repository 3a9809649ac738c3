"""How a tenant shows itself in what it sends: checked where it is written, made whole where it is read.

`{"name", "logo_url", "colour", "address", "support_url"}`, each of them optional; an empty object is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hub.content.safety import check_fetched, check_url
from hub.content.values import Check, checked_object, line
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

MAX_NAME = 100
MAX_ADDRESS = 300
# the hub's own blue
DEFAULT_COLOUR = "#1f5fbf"
WHITE, BLACK = "#ffffff", "#000000"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Branding:
    """A tenant's branding, whole. `text_colour`: white or black, whichever is easier to read on `colour`. None: not given."""

    name: str = ""
    logo_url: str | None = None
    colour: str = DEFAULT_COLOUR
    text_colour: str = WHITE
    # one line, as it stands on a letter
    address: str | None = None
    support_url: str | None = None

    @property
    def support(self) -> str:
        """The link as people read it: `help@acme.example` or `acme.example/help`."""
        return (self.support_url or "").removeprefix("mailto:").removeprefix("https://").partition("?")[0].rstrip("/")


def branding_of(tenant: Tenant) -> Branding:
    """What there is to show of a tenant: its own name and the hub's colour where it gave none. Asks the database nothing."""
    given: Mapping[str, Any] = tenant.branding
    colour = given.get("colour", DEFAULT_COLOUR)
    return Branding(**{"name": tenant.name, **given, "colour": colour, "text_colour": readable_on(colour)})


def checked_branding(value: Any) -> dict[str, str]:
    """`value` as it is stored: what is empty is not given. Raises InvalidRequest naming the path below `branding`."""
    given = {name: part for name, part in value.items() if part not in (None, "")} if isinstance(value, dict) else value
    checked = checked_object({} if given is None else given, field="branding", checks=_CHECKS)
    return {name: part for name, part in checked.items() if part}


@lru_cache(maxsize=256)
def readable_on(colour: str) -> str:
    """White or black, by which of them contrasts more with `#rrggbb` (WCAG 2: always 4.5 to 1 at least)."""
    light = _luminance(colour)
    return WHITE if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else BLACK


def _luminance(colour: str) -> float:
    """How light it is, from 0 to 1, as WCAG 2 defines it."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colour(value: object, field: str) -> str:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise InvalidRequest.on(field, "Give a colour as #rrggbb.")
    return value.lower()


def _support(value: object, field: str) -> str:
    """It stands in mails: a path would lead nowhere."""
    url = check_url(value, field=field)
    if not url.startswith(("https:", "mailto:")):
        raise InvalidRequest.on(field, "Use https: or mailto:.", "url")
    return url


_CHECKS: dict[str, Check] = {
    "name": line(MAX_NAME),
    "logo_url": check_fetched,
    "colour": _colour,
    "address": line(MAX_ADDRESS),
    "support_url": _support,
}
