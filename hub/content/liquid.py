"""Liquid templates that tenants write: strict about missing values, bounded in time and memory."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import StringLiteral
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.render_tag import RenderNode
from liquid.exceptions import LiquidError, ResourceLimitError, TemplateNotFoundError, UndefinedError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.undefined import FalsyStrictUndefined

from hub.content import budget
from hub.content.filters import MAX_ARRAY, MAX_TEXT, guarded
from hub.content.markup import check_markup
from hub.exceptions import InvalidRequest

MAX_SOURCE = 100_000
# the steps of a template between two looks at the clock
_STRIDE = 16


def compile_template(source: str, *, field: str, escape: bool = False) -> BoundTemplate:
    """`source` as a template, cached. Raises InvalidRequest naming `field` with Liquid's own message."""
    check_markup(source, field=field)
    budget.check()
    try:
        return _compile(source, escape)
    except (LiquidError, RecursionError, ValueError) as error:
        raise InvalidRequest.on(field, f"Liquid: {_message(error)}.", "template") from error


def check_template_source(source: str, *, field: str, variables: frozenset[str] | None, escape: bool = False) -> None:
    """Refuse a template that doesn't compile, or names a filter or a variable (None: any) that there will never be."""
    analysis = compile_template(source, field=field, escape=escape).analyze(include_partials=False)
    for name in analysis.filters.keys() - _plain().filters.keys():
        raise InvalidRequest.on(field, f"There is no filter {name}.", "template")
    if variables is None:
        return
    for name in analysis.globals.keys() - variables:
        raise InvalidRequest.on(field, f"There is no {name}: use {', '.join(sorted(variables))}.", "template")


def partials_of(source: str, *, field: str, escape: bool = False) -> frozenset[str]:
    """The names of what `source` renders within itself."""
    if "render" not in source:
        return frozenset()
    template = compile_template(source, field=field, escape=escape)
    nodes = _nodes(template.nodes, _Context(template))
    return frozenset(
        node.name.value for node in nodes if isinstance(node, RenderNode) and isinstance(node.name, StringLiteral)
    )


def fill(
    source: str,
    context: Mapping[str, Any],
    *,
    field: str,
    escape: bool = False,
    partials: Mapping[str, str] | None = None,
) -> str:
    """`source` filled from `context`; with `escape` every value is escaped for HTML. `partials`: what it may render, by name.

    Raises InvalidRequest: of `field`, or, when a value is missing, of that variable.
    """
    if "{{" not in source and "{%" not in source:
        return source
    try:
        with budget.budget():
            return _render(compile_template(source, field=field, escape=escape), context, partials or {})
    except UndefinedError as error:
        raise _missing(error, field) from error
    except TemplateNotFoundError as error:
        raise InvalidRequest.on(field, f"There is no partial {_message(error)}.", "template") from error
    except budget.TooMuchWork as error:
        raise InvalidRequest.on(field, "The template takes too much work to fill.", "template") from error
    # The filters of the library let arithmetic and comparison errors of Python through.
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest.on(field, f"The template can't be filled: {_message(error)}.", "template") from error


class _Context(RenderContext):
    """What a template is filled from. Every step of a template asks for `disabled_tags` first: that is where the clock is
    looked at, whatever the step is, and however deep."""

    __slots__ = ("_disabled", "partials", "steps")

    def __init__(self, *args: Any, parent_context: RenderContext | None = None, **kwargs: Any) -> None:
        self.partials: Mapping[str, str] = getattr(parent_context, "partials", {})
        self.steps = 0
        super().__init__(*args, parent_context=parent_context, **kwargs)

    @property
    def disabled_tags(self) -> list[str]:
        self.steps += 1
        if self.steps % _STRIDE == 0:
            budget.check()
        return self._disabled

    @disabled_tags.setter
    def disabled_tags(self, names: list[str]) -> None:
        self._disabled = names


class _Bounded(Environment):
    """Loops, output, variables and nesting are bounded; a template renders the partials that it is given, by name."""

    loop_iteration_limit: ClassVar[int] = 1_000
    output_stream_limit: ClassVar[int] = MAX_TEXT
    local_namespace_limit: ClassVar[int] = 4 * MAX_TEXT
    context_depth_limit: ClassVar[int] = 16

    def __init__(self, *, escape: bool) -> None:
        super().__init__(autoescape=escape, undefined=FalsyStrictUndefined)
        del self.tags["include"]
        for name, function in list(self.filters.items()):
            self.filters[name] = guarded(name, function)

    def get_template(self, name: str, *, context: RenderContext | None = None, **_: Any) -> BoundTemplate:
        budget.check()
        partials = context.partials if isinstance(context, _Context) else {}
        if name not in partials:
            raise TemplateNotFoundError(name)
        return _compile(partials[name], bool(self.autoescape))


@lru_cache(maxsize=1)
def _plain() -> Environment:
    return _Bounded(escape=False)


@lru_cache(maxsize=1)
def _html() -> Environment:
    return _Bounded(escape=True)


@lru_cache(maxsize=1_024)
def _compile(source: str, escape: bool) -> BoundTemplate:
    template = (_html() if escape else _plain()).from_string(source)
    for node in _nodes(template.nodes, _Context(template)):
        for expression in _expressions(node):
            if type(expression) is RangeLiteral:
                expression.__class__ = _ShortRange
    return template


class _ShortRange(RangeLiteral):
    """A range of at most MAX_ARRAY numbers: a loop walks to its offset, and turns round what it has, before it counts."""

    __slots__ = ()

    def _make_range(self, start: Any, stop: Any) -> range:
        made = super()._make_range(start, stop)
        if made.stop - made.start > MAX_ARRAY:
            raise ResourceLimitError("a range is too long", token=None)
        return made


def _render(template: BoundTemplate, values: Mapping[str, Any], partials: Mapping[str, str]) -> str:
    context = _Context(template, globals=values)
    context.partials = partials
    buffer = LimitedStringIO(limit=MAX_TEXT)
    template.render_with_context(context, buffer)
    return buffer.getvalue()


def _nodes(nodes: list[Node], static: RenderContext) -> Iterator[Node]:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.children(static, include_partials=False))


def _expressions(node: Node) -> Iterator[Expression]:
    stack = list(node.expressions())
    while stack:
        expression = stack.pop()
        yield expression
        stack.extend(expression.children())


def _missing(error: UndefinedError, field: str) -> InvalidRequest:
    name, is_name, _ = _message(error).partition(" is undefined")
    message = f"The template of {field} needs {name}." if is_name else f"The template needs more: {_message(error)}."
    return InvalidRequest.on(name.strip("'") if is_name else field, message, "missing_variable")


def _message(error: Exception) -> str:
    return str(error.args[0] if error.args else error).strip().rstrip(".")[:300]
