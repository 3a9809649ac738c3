"""JSON in and out, through orjson. What PostgreSQL can't hold is refused here, by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from hub.api.problems import Malformed, PayloadTooLarge
from hub.clock import iso
from hub.conf import conf
from hub.content.values import MAX_DEPTH, check_json


class JsonRenderer(BaseRenderer):
    """Times as ISO-8601 in UTC with milliseconds; `orjson.Fragment` for what is JSON already."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else encode(data)


class JsonParser(BaseParser):
    """A bounded JSON object. Malformed: 400; too big: 413; NUL or nested too deep: 422."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(conf.max_body + 1)
        if len(raw) > conf.max_body:
            raise PayloadTooLarge(f"A body may have {conf.max_body} bytes.")
        return decode(raw)


class JsonOnly(BaseContentNegotiation):
    """Answers are JSON whatever `Accept` says: a caller that names something else still wants its answer."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """JSON when the body says so: application/json, or anything that ends in +json."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return parsers[0] if kind == "application/json" or kind.endswith("+json") else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


def encode(data: Any) -> bytes:
    """`data` as JSON."""
    return orjson.dumps(data, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def decode(raw: bytes) -> Any:
    """The JSON value in `raw`. An object is walked, only when it may hold something that can't be stored."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error}.") from error
    if isinstance(value, dict) and (b"\\u0000" in raw or raw.count(b"[") + raw.count(b"{") > MAX_DEPTH):
        check_json(value, field="")
    return value


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(type(value).__name__)
