"""Liquid templates that tenants write: strict about missing values, bounded in time and memory."""

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from liquid.undefined import FalsyStrictUndefined

from hub.exceptions import InvalidRequest

MAX_SOURCE = 100_000
MAX_TEXT = 200_000
MAX_ARRAY = 2_000
_MAX_DIGITS = 10**18


def compile_template(source: str, *, field: str, escape: bool = False) -> BoundTemplate:
    """`source` as a template, cached. Raises InvalidRequest naming `field` with Liquid's own message."""
    try:
        return _compile(source, escape)
    except (LiquidError, RecursionError) as error:
        raise InvalidRequest.on(field, f"Liquid: {_message(error)}.", "template") from error


def check_template_source(source: str, *, field: str, variables: frozenset[str], escape: bool = False) -> None:
    """Refuse a template that doesn't compile, or names a filter or a variable that there will never be."""
    analysis = compile_template(source, field=field, escape=escape).analyze(include_partials=False)
    for name in analysis.filters.keys() - _plain().filters.keys():
        raise InvalidRequest.on(field, f"There is no filter {name}.", "template")
    for name in analysis.globals.keys() - variables:
        raise InvalidRequest.on(field, f"There is no {name}: use {', '.join(sorted(variables))}.", "template")


def fill(source: str, context: Mapping[str, Any], *, field: str, escape: bool = False) -> str:
    """`source` filled from `context`; with `escape` every value is escaped for HTML.

    Raises InvalidRequest: of `field`, or, when a value is missing, of that variable.
    """
    if "{{" not in source and "{%" not in source:
        return source
    template = compile_template(source, field=field, escape=escape)
    try:
        return template.render(**context)
    except UndefinedError as error:
        raise _missing(error, field) from error
    # The filters of the library let arithmetic and comparison errors of Python through.
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest.on(field, f"The template can't be filled: {_message(error)}.", "template") from error


class _Bounded(Environment):
    """Loops, output, variables and nesting are bounded; no template can include another."""

    loop_iteration_limit = 1_000
    output_stream_limit = MAX_TEXT
    local_namespace_limit = 4 * MAX_TEXT
    context_depth_limit = 16

    def __init__(self, *, escape: bool) -> None:
        super().__init__(autoescape=escape, undefined=FalsyStrictUndefined)
        for tag in ("include", "render"):
            del self.tags[tag]
        for name, function in list(self.filters.items()):
            self.filters[name] = _guarded(name, function)


@lru_cache(maxsize=1)
def _plain() -> Environment:
    return _Bounded(escape=False)


@lru_cache(maxsize=1)
def _html() -> Environment:
    return _Bounded(escape=True)


@lru_cache(maxsize=1_024)
def _compile(source: str, escape: bool) -> BoundTemplate:
    return (_html() if escape else _plain()).from_string(source)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that refuses values from which it could make something huge: `(1..100000000) | join` ran for 40 s."""

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
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


def _missing(error: UndefinedError, field: str) -> InvalidRequest:
    name, is_name, _ = _message(error).partition(" is undefined")
    message = f"The template of {field} needs {name}." if is_name else f"The template needs more: {_message(error)}."
    return InvalidRequest.on(name.strip("'") if is_name else field, message, "missing_variable")


def _message(error: Exception) -> str:
    return str(error.args[0] if error.args else error).strip().rstrip(".")[:300]
