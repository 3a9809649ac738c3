"""Frames that no client should send. Each kind says what it must be answered with."""

import json
import random
from typing import Any

Frame = dict[str, Any]
Sent = str | bytes


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ITEM = "01932d3f-0000-7000-8000-000000000001"
WRONG = (None, True, 7, -1, 1.5, 2**70, "", [], {}, [[]], "\x00", "é" * 50, _nested(200))
NO_TEXT = (True, 7, -1, 1.5, 2**70, [], {}, [[]], _nested(200))
MARK: Frame = {"type": "mark", "id": "m", "op": "read", "ids": [ITEM]}
# a frame that is right, the fields that are spoilt one at a time, and what with
SPOILT: list[tuple[Frame, str, tuple[Any, ...]]] = [
    (MARK, "id", (*NO_TEXT, None, "", "x" * 101)),
    (MARK, "op", (*WRONG, "love")),
    (MARK, "ids", (*WRONG, ["x"], [7], [ITEM] * 101, ["\x00"], {ITEM: 1})),
    (MARK | {"op": "snooze"}, "until", (*WRONG, "yesterday", "2001-01-01T00:00:00Z", "9999-99-99T00:00:00Z")),
    (MARK | {"op": "act"}, "action", NO_TEXT),
    ({"type": "mark", "id": "m", "op": "read", "all": True}, "upto", (True, -1, 1.5, "7", [], {}, 2**70)),
    ({"type": "ack", "seq": 1}, "seq", (*WRONG[:2], *WRONG[3:])),
    ({"type": "ack", "seq": 1}, "focused", ("yes", 1, [], {}, "\x00")),
    ({"type": "sync"}, "cursor", (*WRONG, "abc", "a:b", ":1", "a:" + "9" * 19, "a:1\x00")),
    ({"type": "auth"}, "token", (*WRONG, "no token", "a.b.c", "hub_00000000_x")),
    ({"type": "hello"}, "token", NO_TEXT),
    ({"type": "hello"}, "token", (None, "said already")),
    ({}, "type", (*NO_TEXT, None)),
]
# what nobody knows is ignored, and must do no harm either
UNKNOWN: tuple[Frame, ...] = ({}, {}, {"x": _nested(500)}, {"\x00": "\x00"}, {"x": 2**70}, {"constructor": {}})
FATAL: tuple[Sent, ...] = (
    *("", "{", "[]", "1", "null", "true", '"hello"', '{"type":NaN}', "{'type':'pong'}", '{"type":"pong"} x', "\x00"),
    *('{"type":"\\ud800"}', "[" * 5_000, '{"a":' * 3_000 + "1" + "}" * 3_000, "x" * 16_385, "é" * 8_193, "x" * 60_000),
    *(b"", b"{}", b"\x00\xff", json.dumps(MARK).encode()),
)
LIMIT = 16 * 1024


def answered(dice: random.Random) -> str:
    """A frame that can be decoded, and must be answered with an error."""
    while True:
        frame, field, values = dice.choice(SPOILT)
        text = json.dumps(frame | {field: dice.choice(values)} | dice.choice(UNKNOWN))
        if len(text) <= LIMIT:
            return text


def fatal(dice: random.Random) -> Sent:
    """What is no frame, and must end the socket."""
    if dice.random() < 0.5:
        return dice.choice(FATAL)
    whole = answered(dice)
    return whole[: dice.randrange(len(whole))]


def flipped(dice: random.Random) -> str:
    """A frame with some characters replaced: it may be anything now, even a good one."""
    characters = list(answered(dice))
    for _ in range(dice.randint(1, 4)):
        characters[dice.randrange(len(characters))] = chr(dice.randrange(1, 0x2FF))
    return "".join(characters)
