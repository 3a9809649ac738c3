"""What the forms of the admin share."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from hub.exceptions import InvalidRequest


def checked(check: Callable[[Any], Any], value: Any) -> Any:
    """What `check` makes of the value of a field; what it refuses is said beside that."""
    try:
        return check(value)
    except InvalidRequest as error:
        raise ValidationError(error.message) from error


def show_once(request: HttpRequest, secret: str) -> None:
    """`secret`, with the words that say what it is."""
    messages.warning(request, f"{secret}. Copy it now: it can't be shown again.")
