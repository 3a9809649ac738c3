"""What no client should send: values, bodies, headers and parts of an address."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Raw:
    """JSON text as it goes into a body, where `json.dumps` would not write it."""

    text: str


DATES = ("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "+999999-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59")
DATES += ("0001-01-01T00:00:00+23:59", "2030-02-30T00:00:00Z", "2030-01-01T25:00:00Z", "2030-01-01", "2030-01-01T00:00")
LINKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:x",
    "java\tscript:x",
    "data:text/html,x",
    "//x",
    "http://[",
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        7,
        1.5,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        "",
        " ",
        "x",
        [],
        {},
        [[]],
        [None],
        [{}],
        {"": {}},
    ),
    *(
        "\x00",
        "a\x00b",
        ["\x00"],
        {"\x00": 1},
        {"a": "\x00"},
        "\x01\x1f\x7f",
        "\u202e\u2028\ufeff",
        "é" * 300,
        "x" * 300_000,
    ),
    *(
        Raw('"\\ud800"'),
        Raw('["\\udfff"]'),
        Raw('{"\\ud800":1}'),
        Raw("NaN"),
        Raw("-Infinity"),
        Raw("1e999"),
        Raw("01"),
    ),
    *(Raw("9" * 5_000), Raw("1e-5000"), Raw("[" * 100_000 + "]" * 100_000), Raw('{"a":' * 70 + "1" + "}" * 70)),
    *(Raw("[" * 900 + "]" * 900), ["x"] * 200_000, [1] * 2_000, list(range(1_001)), {str(n): n for n in range(20_000)}),
    *(
        "{{",
        "{% x %}",
        "{{ a.b.c|d }}",
        "{{a" * 200,
        "a@b",
        "a@" + "b" * 400,
        "00000000-0000-0000-0000-000000000000",
        "../..",
        "%00",
    ),
    *DATES,
    *LINKS,
)
# whole bodies that are no request of anybody
BODIES = (
    *(
        b"",
        b"{",
        b"}",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"NaN",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1} {}',
        b"\x00",
        b"\xff\xfe{\x00}\x00",
    ),
    *(
        b"\xef\xbb\xbf{}",
        b'{"\xff":1}',
        b'{"\xed\xa0\x80":1}',
        b'{"\\ud800":1}',
        b'{"\\u0000":1}',
        b'{"__proto__":1}',
        b'{"":1}',
    ),
    *(b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"[" + b"1," * 200_000 + b"1]"),
    *(b'{"a":"' + b"x" * 3_000_000 + b'"}', b" " * 1_048_577, b"{" + b'"a":1,' * 50_000 + b'"a":1}'),
)
MEDIA = (
    b"",
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data",
    b"multipart/form-data; boundary=x",
)
MEDIA += (
    b"application/xml",
    b"application/json; charset=utf-16",
    b"application/json; charset=none",
    b"x",
    b"/",
    b";",
    b"\xff",
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    *((b"Idempotency-Key", value) for value in (b"", b" ", b"a b", b"x" * 201, b"\xff", "é".encode(), b"x" * 8_000)),
    *((b"X-Request-Id", value) for value in (b"", b"\xff", b"x" * 129, b"x" * 8_000, b"<script>")),
    *((b"Accept", value) for value in (b"text/html", b"\xff", b"*/*;q=x", b"application/json;" * 400)),
    *((b"X-API-Key", value) for value in (b"hub_", b"\xff", b"hub_00000000_" + b"x" * 5_000, b"hub_\xc3\xa9_x")),
    *(
        (b"X-Hub-Tenant", b"\xff"),
        (b"Cookie", b"sessionid=\xff; csrftoken=\xff"),
        (b"Cookie", b"sessionid=" + b"x" * 5_000),
    ),
    *(
        (b"If-None-Match", b"\xff"),
        (b"Last-Event-ID", b"\xff"),
        (b"Last-Event-ID", b"a:" + b"9" * 400),
        (b"Origin", b"\xff"),
    ),
    *(
        (b"Content-Encoding", b"gzip"),
        (b"X-HTTP-Method-Override", b"DELETE"),
        (b"X-Forwarded-For", b"\xff"),
        (b"X-Long", b"x" * 30_000),
        (b"Host", b"evil.example"),
    ),
)
CREDENTIALS = (
    b"\xff",
    b"hub_",
    b"hub_\xff_x",
    b"a.b.c",
    b"eyJhbGciOiJub25lIn0.e30.",
    b"x" * 9_000,
    b"e30.e30.e30",
    b"bnVsbA.bnVsbA.x",
)
# segments and values of an address as they go over the wire
ADDRESSES = (
    *(
        b"%00",
        b"a%00b",
        b"%ff",
        b"%C3%28",
        b"%ed%a0%80",
        b"%",
        b"%zz",
        b"%2",
        b"%2F",
        b"..%2F..",
        b"%0D%0AX:y",
        b"%E2%80%A8",
        b"+",
    ),
    *(
        b"-1",
        b"0",
        b"1e9",
        b"NaN",
        b"9" * 400,
        b"x" * 5_000,
        b"null",
        b"[]",
        b"{}",
        b"'\"",
        b"%27%22;--",
        b"a,b",
        b"a:1",
        b":",
    ),
    *(
        b"00000000-0000-0000-0000-000000000000",
        b"AAAAAAAAAAAAAAAAAAAAAA",
        b"%F0%9F%98%80",
        b"1.5",
        b"true",
        b"-Infinity",
    ),
    *(quote(text, safe="").encode() for text in DATES),
)
