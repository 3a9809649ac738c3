"""The one way out to addresses that tenants choose goes to public addresses over https, and is bounded."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from aiohttp.resolver import ThreadedResolver
from django.test import override_settings

from hub.outbound import Blocked, Outbound, OutboundError, check_url, fetch, is_public
from tests.support.site import Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    """Exempt, as an emulator in the demo is."""
    with running_site() as site, override_settings(HUB={"outbound_exempt": (site.host,)}):
        yield site


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
        ),
        *(
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "224.0.1.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
        ),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1"),
        *("2001:db8::1", "2001::1", "::127.0.0.1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
        *("2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_every_other_address_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Blocked):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "example.com",
            "//example.com",
            "https://",
            "",
        ),
        *("https://user@example.com/", "https://user:password@example.com/", "https://example.com:0/"),
        *("https://example.com:70000/", "https://exa mple.com/", "https://example.com/\n", "https://[::1", "x" * 3_000),
        *(
            "https://2130706433/",
            "https://127.1/",
            "https://127。0。0。1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1:8000/",
        ),
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_what_the_url_alone_gives_away(url: str) -> None:
    with pytest.raises(Blocked):
        check_url(url)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST"])
def test_a_name_of_a_private_address_is_never_called(site: Site, host: str) -> None:
    """Over https and on a port that is open, so that only the address is wrong."""
    with pytest.raises(OutboundError) as error:
        fetch(f"https://{host}:{site.port}/")
    assert not error.value.sent
    assert "not public" in error.value.message
    assert site.asked == []


async def test_one_bad_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        about = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [{"host": "1.1.1.1", **about}, {"host": "10.0.0.1", **about}]

    monkeypatch.setattr(ThreadedResolver, "resolve", both)
    async with Outbound() as client:
        with pytest.raises(Blocked):
            await client.request("GET", "https://rebound.example/")


def test_an_exemption_is_for_exactly_one_host_and_port(site: Site) -> None:
    assert fetch(site.url).status == 200
    for other in (site.url.replace("127.0.0.1", "localhost"), site.url.replace(str(site.port), "1")):
        with pytest.raises(Blocked):
            fetch(other)


def test_a_redirect_is_an_answer_and_not_followed(site: Site) -> None:
    site.status, site.headers = 302, {"Location": f"http://127.0.0.1:{site.port}/inside"}
    answer = fetch(site.url)
    assert (answer.status, site.asked) == (302, [site.path])
    assert answer.headers["location"].endswith("/inside")


def test_a_big_answer_is_cut_off(site: Site) -> None:
    site.body = b"x" * 70_000
    with pytest.raises(OutboundError, match="65536 bytes") as error:
        fetch(site.url)
    assert error.value.sent
    assert len(fetch(site.url, max_bytes=70_000).body) == 70_000


def test_compressed_answers_are_not_unpacked(site: Site) -> None:
    """A few bytes could become gigabytes."""
    site.headers, site.body = {"Content-Encoding": "gzip"}, b"\x1f\x8b"
    assert fetch(site.url).body == site.body


def test_a_slow_answer_is_given_up(site: Site) -> None:
    site.hold.clear()
    with pytest.raises(OutboundError, match="1 s") as error:
        fetch(site.url, timeout=1)
    assert error.value.sent


def test_nobody_there_means_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with override_settings(HUB={"outbound_exempt": (host,)}), pytest.raises(OutboundError) as error:
            fetch(f"http://{host}/")
    assert not error.value.sent


def test_the_environments_proxy_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(site.url).status == 200


async def test_headers_and_a_body_go_along_and_bad_headers_do_not(site: Site) -> None:
    async with Outbound() as client:
        assert (await client.request("POST", site.url, headers={"X-A": "b"}, body=b"x")).status == 200
        with pytest.raises(OutboundError) as error:
            await client.request("POST", site.url, headers={"X-A": "b\r\nX-C: d"}, body=b"x")
    assert not error.value.sent
    assert len(site.asked) == 1
