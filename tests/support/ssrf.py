# ruff: noqa: RUF001  what looks alike is the point
"""Where nobody outside may send us, in every way to say it that we know of; and a witness of every connection made."""

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Thread
from typing import Any

# of each range that is nobody's on the internet: what is likely to listen, and the ends
V4 = (
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.0.0.1", "0.255.255.255"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.17.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
    *("100.64.0.1", "100.100.100.200", "100.127.255.255", "169.254.0.1", "169.254.169.254", "169.254.170.2"),
    *("192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"),
    *("198.19.255.255", "224.0.0.1", "224.0.1.1", "233.252.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
)
V6 = (
    # unspecified, loopback, link, site, unique local, multicast
    *(
        "::",
        "::1",
        "0:0:0:0:0:0:0:1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "fc00::1",
        "fd00::1",
        "fd00:ec2::254",
    ),
    *("fdff:ffff::1", "ff01::1", "ff02::1", "ff05::2", "ff0e::1", "ff3e::1"),
    # documentation, discard, benchmarks, ORCHID, Teredo, unassigned
    *(
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "2001:2::1",
        "2001:10::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:0:a9fe:a9fe::",
    ),
    *("4000::1", "5f00::1", "1::1", "200::1"),
    # an address of version 4 inside: mapped, compatible, translated, 6to4, NAT64 of both prefixes, ISATAP
    *("::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:0001", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:192.168.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "::7f00:1", "::169.254.169.254", "::ffff:0:127.0.0.1"),
    *("2002:7f00:1::", "2002:7f00:1::1", "2002:a00:1::", "2002:a9fe:a9fe::", "2002:c0a8:1::", "64:ff9b::7f00:1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::7f00:1", "fe80::5efe:7f00:1"),
)
# of 127.0.0.1 and others, as some reader of addresses or URLs understands them
SPELLINGS = (
    *("2130706433", "0x7f000001", "0x7F000001", "017700000001", "0177.0.0.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1"),
    *("127.1", "127.0.1", "127.0.0.01", "127.000.000.001", "0177.0.0.01", "127.0x0.1", "0x7f.1", "0177.1", "0"),
    *("00000000000000000000000000000177.0.0.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
    *("167772161", "0x0a.1", "012.1", "3232235521", "192.168.257", "127.0.0.1.", "127.1.", "localhost", "LOCALHOST"),
    *("localhost.", "LocalHost.", "127。0。0。1", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127．0．0．1", "127｡0｡0｡1"),
    *(
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "ｌｏｃａｌｈｏｓｔ",
        "ﬀ02::1",
        "%31%32%37.0.0.1",
        "example.com%40127.0.0.1",
        "127.0.0.1%00.example",
        "127.0.0.1%2eexample",
    ),
    *(
        "[::1%25lo]",
        "[fe80::1%25lo]",
        "[::ffff:127.0.0.1%25lo]",
        "[::ffff:0x7f.1]",
        "[0:0::1]",
        "[::1].",
        "[127.0.0.1]",
    ),
)
# whole URLs that one reader takes for something outside, another for something inside
TRICKS = (
    *("https://user@127.0.0.1:{port}/", "https://user:word@127.0.0.1:{port}/", "https://example.com@127.0.0.1:{port}/"),
    *(
        "https://example.com:443@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}@127.0.0.1:{port}/",
        "https://@127.0.0.1:{port}/",
    ),
    *(
        "https://:@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}#@example.com/",
    ),
    *(
        "https://127.0.0.1:{port}?@example.com/",
        "https://127.0.0.1:{port}\\@example.com/",
        "https://example.com\\@127.0.0.1:{port}/",
    ),
    *(
        "https:\\\\127.0.0.1:{port}\\",
        "https:/127.0.0.1:{port}/",
        "https:127.0.0.1:{port}/",
        "https:///127.0.0.1:{port}/",
    ),
    *("https://example.com\r\nHost: 127.0.0.1:{port}/", "https://127.0.0.1:{port}\t/", " https://127.0.0.1:{port}/"),
    *("https://127.0.0.1 :{port}/", "https://127.0.0.1:{port}\x00.example.com/", "https://127.0.0.1\uff0f:{port}/"),
    *("http://127.0.0.1:{port}/", "HTTP://127.0.0.1:{port}/", "HTTPS://127.0.0.1:{port}/", "http://localhost:{port}/"),
    *("ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_x", "ws://127.0.0.1:{port}/", "wss://127.0.0.1:{port}/"),
    *(
        "dict://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "file://127.0.0.1:{port}/etc",
        "unix:///tmp/x",
        "//127.0.0.1:{port}/",
    ),
    *(
        "127.0.0.1:{port}",
        "localhost:{port}",
        "https://127.0.0.1:0{port}/",
        "https://127.0.0.1:+{port}/",
        "javascript:1",
    ),
)
# what a name says that a stranger registered: inside, inside beside outside, and outside first
NAMES = {f"inside-{number}.example": (address,) for number, address in enumerate((*V4, *V6))} | {
    "first-outside.example": ("1.1.1.1", "127.0.0.1"),
    "first-inside.example": ("127.0.0.1", "1.1.1.1"),
    "both-versions.example": ("2606:4700::1111", "::1"),
    "127.0.0.1.nip.example": ("127.0.0.1",),
    "xn--bcher-kva.example": ("127.0.0.1",),
    "bücher.example": ("10.0.0.1",),
    "trailing.example.": ("127.0.0.1",),
    "scoped.example": ("fe80::1%lo",),
    "nonsense.example": ("no address",),
}


def literals(port: int) -> list[str]:
    """URLs that give it away themselves: refused where they are written already."""
    hosts = [*V4, *(f"[{address}]" for address in V6)]
    return [f"https://{host}:{port}/" for host in hosts] + [trick.replace("{port}", str(port)) for trick in TRICKS]


def corpus(port: int) -> list[str]:
    """All of them, each on `port`."""
    hosts = [*SPELLINGS, *NAMES]
    return list(dict.fromkeys([*literals(port), *(f"https://{host}:{port}/x" for host in hosts)]))


async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
    """Takes the place of the system's resolver: asks nobody outside, and understands numbers and localhost as it does."""
    idna = {name.encode("idna").decode(): addresses for name, addresses in NAMES.items() if not name.endswith(".")}
    addresses: Sequence[str] = (NAMES | idna).get(host, ())
    if not addresses and host.rstrip(".").lower() == "localhost":
        addresses = ("127.0.0.1", "::1")
    if not addresses:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        addresses = [str(entry[4][0]) for entry in found]
    return [result(host, port, address) for address in addresses]


def result(host: str, port: int, address: str) -> dict[str, Any]:
    try:
        family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    except ValueError:
        family = socket.AF_INET
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}


@dataclass
class Witness:
    """`accepted`: connections that arrived at its port on the loopback. `tried`: where any socket of this process was to be
    connected to on that port; those that lead off this machine are ended there."""

    port: int
    accepted: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    watching: bool = True


_witnesses: list[Witness] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host, port = str(arguments[1][0]), arguments[1][1]
    for witness in _witnesses:
        if witness.watching and port == witness.port:
            witness.tried.append(host)
            if host not in ("127.0.0.1", "::1"):
                raise ConnectionRefusedError(f"a test may not connect to {host}")


sys.addaudithook(_audit)


@contextmanager
def witnessed() -> Iterator[Witness]:
    """A port of the loopback where every connection counts, while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        witness = Witness(listener.getsockname()[1])

        def accept() -> None:
            while witness.watching:
                connection, peer = listener.accept()
                with connection:
                    if witness.watching:
                        witness.accepted.append(str(peer))

        thread = Thread(target=accept, daemon=True)
        thread.start()
        _witnesses.append(witness)
        try:
            yield witness
        finally:
            witness.watching = False
            _witnesses.remove(witness)
            socket.create_connection(("127.0.0.1", witness.port)).close()
            thread.join()
