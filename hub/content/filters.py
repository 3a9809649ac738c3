"""Liquid's filters, kept from making something huge of something small."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from liquid.exceptions import ResourceLimitError

from hub.content import budget

MAX_TEXT = 200_000
MAX_ARRAY = 2_000
_MAX_DIGITS = 10**18


def guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that refuses values from which it could make something huge: `(1..100000000) | join` ran for 40 s."""

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        budget.check()
        for value in args:
            _check_size(value)
        if name in {"replace", "join"}:
            _check_growth(name, *args)
        result = function(*args, **kwargs)
        _check_size(result)
        return result

    return bounded


def _check_size(value: object) -> None:
    too_big = (
        (isinstance(value, str) and len(value) > MAX_TEXT)
        or (isinstance(value, range | list | tuple) and len(value[: MAX_ARRAY + 1]) > MAX_ARRAY)
        or (isinstance(value, int) and abs(value) > _MAX_DIGITS)
    )
    if too_big:
        raise ResourceLimitError("a value is too big for a filter", token=None)


def _check_growth(name: str, value: object, *args: object) -> None:
    """`replace` and `join` multiply the length of one value by another's."""
    if name == "replace" and len(args) >= 2:
        grown = (str(value).count(str(args[0])) + 1) * len(str(args[1]))
    elif name == "join" and args and isinstance(value, list | tuple | range):
        grown = len(value) * len(str(args[0]))
    else:
        return
    if grown > MAX_TEXT:
        raise ResourceLimitError("the result of a filter is too big", token=None)
