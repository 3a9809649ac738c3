"""Requests that no client should send: each operation of the OpenAPI document with one thing about it spoilt."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from hub.api.openapi.document import Operation, document, resolve
from tests.api.contract import examples_of, media_of
from tests.chaos.nasty_values import ADDRESSES, BODIES, CREDENTIALS, HEADERS, MEDIA, VALUES, Raw
from tests.chaos.owners import Owner
from tests.chaos.raw_http import Sent

BASE = "/api/v1"
WRITES = ("post", "put", "patch", "delete")
# made when it is sent: all of them at once are gigabytes
Nasty = Callable[[], Sent]


def nasties(operation: Operation, owner: Owner, credential: str) -> Iterator[Nasty]:
    """Every spoilt request of an operation; all but the spoilt part is as `owner` would send it."""
    bodies = list(_examples(operation))
    good = Sent(operation.method.upper(), _target(operation, owner), _encode(bodies[0]) if bodies else b"", credential)
    yield from _addresses(operation, owner, good)
    yield from (partial(replace, good, headers=(header,), why=f"header {header!r:.60}") for header in HEADERS)
    for value in CREDENTIALS:
        yield partial(
            replace, good, credential="", headers=((b"Authorization", b"Bearer " + value),), why=f"bearer {value!r:.60}"
        )
    if operation.method in WRITES:
        yield from (partial(replace, good, body=body, why=f"body {body!r:.60}") for body in BODIES)
        yield from (
            partial(replace, good, body=good.body or b"{}", media=media, why=f"media {media!r}") for media in MEDIA
        )
    for body in bodies:
        yield from _fields(operation, body, good)


def _fields(operation: Operation, example: Any, good: Sent) -> Iterator[Nasty]:
    places = dict.fromkeys([*_places(example), *((name,) for name in _properties(operation)), ("unheard_of",)])
    for place in places:
        for value in VALUES:
            yield partial(_with_body, good, example, place, value)
        if isinstance(place[0], str) and len(place) == 1:
            twice = good.body[:-1] + b"," + json.dumps(place[0]).encode() + b":{}}"
            yield partial(replace, good, body=twice, why=f"{place[0]} twice")


def _with_body(good: Sent, example: Any, place: tuple[str | int, ...], value: Any) -> Sent:
    shown = value.text if isinstance(value, Raw) else repr(value)
    why = f"{'.'.join(map(str, place))} = {shown[:60]}"
    return replace(good, body=_encode(_with(example, place, value)), why=why)


def _addresses(operation: Operation, owner: Owner, good: Sent) -> Iterator[Nasty]:
    for parameter in operation.parameters:
        name, where = parameter["name"], parameter["in"]
        for value in ADDRESSES if where in ("path", "query") else ():
            why = f"{name} = {value!r:.60}"
            if where == "path":
                yield partial(replace, good, target=_target(operation, owner, {name: value}), why=why)
            else:
                yield partial(replace, good, target=good.target + b"?" + name.encode() + b"=" + value, why=why)
    for query in (b"?%00=1", b"?%ff=%ff", b"?=", b"?&&&", b"?unheard_of=1", b"?" + b"a=1&" * 2_000):
        yield partial(replace, good, target=good.target + query, why=f"query {query!r:.60}")


def _target(operation: Operation, owner: Owner, spoilt: dict[str, bytes] | None = None) -> bytes:
    elsewhere = "servers" in document()["paths"][operation.path]
    target = (operation.path if elsewhere else BASE + operation.path).encode()
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            name = parameter["name"]
            value = (spoilt or {}).get(name) or quote(owner.named[name], safe="").encode()
            target = target.replace(b"{%s}" % name.encode(), value)
    return target


def _examples(operation: Operation) -> list[Any]:
    return list(examples_of(operation).values()) or ([{}] if media_of(operation) else [])


def _properties(operation: Operation) -> Iterator[str]:
    """The fields that the schema of a body names at its top."""
    waiting = [media_of(operation).get("schema", {})]
    while waiting:
        schema = resolve(waiting.pop())
        yield from schema.get("properties", {})
        waiting += [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]


def _places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where there is something in a body."""
    if above:
        yield above
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _places(part, (*above, name))


def _with(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """`body` with `value` at `place`."""
    if not place:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    below = copy[place[0]] if len(place) > 1 else None  # type: ignore[index]
    copy[place[0]] = _with(below, place[1:], value)  # type: ignore[index]
    return copy


def _encode(body: Any) -> bytes:
    """As JSON, what is raw in it as it is."""
    raw: list[str] = []

    def mark(part: Any) -> Any:
        raw.append(part.text)
        return f"<raw {len(raw) - 1}>"

    text = json.dumps(body, default=mark)
    for number, written in enumerate(raw):
        text = text.replace(f'"<raw {number}>"', written)
    return text.encode()
