"""What may stand in a header."""

import unicodedata

from deliveries.providers.errors import Permanent


def one_line(header: str, value: str) -> str:
    """`value`, if it is fit for a header: a line break is how a message gets headers, or recipients, of a stranger's
    choosing. Every control and separator character counts, as Python's own header folding splits at most of them."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise Permanent("header_injection", f"a control character in {header}")
    return value
