"""The wire: samples that the SDK reads too, and what isn't a frame."""

import json
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path
from typing import Any

import orjson
import pytest

from consumers.frames import (
    Ack,
    Auth,
    Batch,
    Error,
    GoAway,
    Hello,
    Mark,
    Ping,
    Pong,
    Ready,
    Receipt,
    Sync,
    Undecodable,
    decode,
    encode,
    parse,
)
from hub.exceptions import InvalidRequest
from hub.inbox.cursors import Counts, Cursor

SAMPLES = Path(__file__).parents[1] / "contract" / "frames"
OWN = {"ready": Ready, "batch": Batch, "receipt": Receipt, "error": Error, "ping": Ping, "goaway": GoAway}


def samples(side: str, *kinds: str) -> list[Any]:
    return [
        pytest.param(sample["frame"], id=f"{path.stem}: {sample['name']}")
        for path in sorted((SAMPLES / side).glob("*.json"))
        if not kinds or path.stem in kinds
        for sample in json.loads(path.read_text())
    ]


@pytest.mark.parametrize("sample", samples("server", *OWN))
def test_what_the_edge_says_is_what_the_contract_shows(sample: dict[str, Any]) -> None:
    values = {name: value for name, value in sample.items() if name != "type"}
    if "counts" in values:
        values["counts"] = Counts(**values["counts"])
    if "items" in values:
        values["items"] = tuple(orjson.dumps(item) for item in values["items"])
    assert json.loads(encode(OWN[sample["type"]](**values))) == sample


@pytest.mark.parametrize("sample", samples("client"))
def test_every_client_frame_of_the_contract_is_understood(sample: dict[str, Any]) -> None:
    understood = parse(decode(json.dumps(sample), 16 * 1024))
    kinds = {"hello": Hello, "mark": Mark, "ack": Ack, "sync": Sync, "auth": Auth, "pong": Pong}
    assert isinstance(understood, kinds[sample["type"]])


def test_a_cursor_that_nobody_gave_is_told_from_none() -> None:
    assert parse({"type": "hello"}) == Hello(None, None, None, resumes=False)
    assert parse({"type": "hello", "cursor": "?"}) == Hello(None, None, None, resumes=True)
    assert parse({"type": "hello", "cursor": "abc:7"}) == Hello(None, None, Cursor("abc", 7), resumes=True)


def test_unknown_types_and_fields_are_ignored() -> None:
    assert parse({"type": "from.the.future", "x": 1}) is None
    assert parse({"type": "pong", "x": 1}) == Pong()


@pytest.mark.parametrize("text", [None, "", "{", "[]", "1", '"hello"', '{"a":NaN}', '{"type":"pong"} x', "\ud800"])
def test_what_is_no_json_object_cannot_be_decoded(text: str | None) -> None:
    with pytest.raises(Undecodable):
        decode(text, 1000)


@pytest.mark.parametrize("filler", ["x" * 90, "é" * 45])
def test_the_limit_counts_bytes(filler: str) -> None:
    text = json.dumps({"x": filler}, ensure_ascii=False)
    assert decode(text, len(text.encode())) == {"x": filler}
    with pytest.raises(Undecodable):
        decode(text, len(text.encode()) - 1)


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": 7},
        {"type": "hello", "token": 7},
        {"type": "mark", "op": "read"},
        {"type": "mark", "id": "x" * 101},
        {"type": "ack"},
        {"type": "ack", "seq": True},
        {"type": "ack", "seq": -1},
        {"type": "ack", "seq": 1, "focused": "yes"},
        {"type": "sync", "cursor": "no cursor"},
        {"type": "auth"},
    ],
)
def test_nonsense_is_refused_with_its_field(frame: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse(frame)
    assert refusal.value.errors


KINDS = ("hello", "mark", "ack", "sync", "auth", "pong")
NAMES = ("token", "cursor", "id", "op", "seq", "focused", "tenant")
VALUES = (None, True, -1, 0, 2**64, 1.5, "", "x", "abc:1", "a:" + "9" * 19, "\x00", [], [1], {}, {"a": []})


@pytest.mark.parametrize("kind", KINDS)
def test_no_frame_surprises_the_parser(kind: str) -> None:
    for (one, two), first, second in product(combinations(NAMES, 2), VALUES, VALUES):
        with suppress(InvalidRequest):
            parse({"type": kind, one: first, two: second})
