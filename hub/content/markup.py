"""Whether the tags of a Liquid source are closed and short: looked at before Liquid itself reads it, whose own search for the
end of a tag takes minutes for a source made for it."""

import re

from hub.exceptions import InvalidRequest

MAX_TAG = 2_000
_MAX_BLANKS = 100
_MAX_VERBATIM = 20
_CLOSED_BY = {"{{": "}}", "{%": "%}"}
_OPENING = re.compile(r"\{\{|\{%")
_BLANKS = re.compile(rf"\s{{{_MAX_BLANKS}}}")
_VERBATIM = re.compile(r"\{%-?\s{0,99}(?:raw|doc)\b")


def check_markup(source: str, *, field: str) -> None:
    """Refuse a tag that is not closed, or is too long; one pass over `source`. Raises InvalidRequest of `field`."""
    if sum(1 for _ in _VERBATIM.finditer(source)) > _MAX_VERBATIM:
        raise InvalidRequest.on(field, f"At most {_MAX_VERBATIM} raw and doc tags.", "template")
    position = 0
    while opening := _OPENING.search(source, position):
        begin = opening.end()
        end = source.find(_CLOSED_BY[opening[0]], begin, begin + MAX_TAG)
        if end < 0:
            line = source.count("\n", 0, begin) + 1
            message = f"Liquid: the tag on line {line} is not closed within {MAX_TAG} characters."
            raise InvalidRequest.on(field, message, "template")
        if _BLANKS.search(source, begin, end):
            raise InvalidRequest.on(field, f"Liquid: a tag has {_MAX_BLANKS} blanks in a row.", "template")
        position = end + 2
