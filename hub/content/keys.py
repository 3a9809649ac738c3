"""Keys: how tenants name what they make at run time."""

import re

from hub.content.values import check_text
from hub.exceptions import InvalidRequest

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


def check_key(value: object, *, field: str) -> str:
    """`value` as the key of an event type or template, or the name of a category: 1 to 100 letters, digits and `._:-`."""
    text = check_text(value, field=field, limit=100)
    if not is_key(text):
        raise InvalidRequest.on(field, "1 to 100 letters, digits and . _ : -, beginning with a letter or digit.")
    return text


def is_key(value: object) -> bool:
    """Whether something could have the key `value`."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None
