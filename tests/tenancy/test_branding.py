"""Promise: whatever colour a tenant gives, what stands on it can be read; what it doesn't give has a place to stand in."""

import pytest

from hub.tenancy.branding import BLACK, DEFAULT_COLOUR, WHITE, Branding, branding_of, readable_on
from hub.tenancy.models import Tenant

STEPS = range(0, 256, 15)


def light(colour: str) -> float:
    """Relative luminance by the words of WCAG 2.2, written out."""
    channels = []
    for start in (1, 3, 5):
        part = int(colour[start : start + 2], 16) / 255
        channels.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((light(one), light(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_text_can_be_read_on_any_colour() -> None:
    colours = [f"#{red:02x}{green:02x}{blue:02x}" for red in STEPS for green in STEPS for blue in STEPS]
    assert min(contrast(colour, readable_on(colour)) for colour in colours) >= 4.5


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#000000", WHITE), ("#ffffff", BLACK), ("#ffd000", BLACK), (DEFAULT_COLOUR, WHITE), ("#7f7f7f", BLACK)],
)
def test_it_is_white_or_black(colour: str, text: str) -> None:
    assert readable_on(colour) == text


def test_what_is_not_given() -> None:
    assert branding_of(Tenant(name="Acme")) == Branding(name="Acme", colour=DEFAULT_COLOUR, text_colour=WHITE)
    yellow = branding_of(Tenant(name="Acme", branding={"name": "Acme Books", "colour": "#ffd000"}))
    assert (yellow.name, yellow.text_colour, yellow.address) == ("Acme Books", BLACK, None)
