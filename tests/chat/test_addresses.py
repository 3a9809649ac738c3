"""What can be an address depends on the kind of chat; none leads into the hub's own network."""

import pytest

from hub.chat.addresses import checked_address
from hub.chat.models import ChatAddress
from hub.exceptions import InvalidRequest
from hub.providers.kinds import kind_class

HOOK = "https://hooks.example.com/services/T0/B0/x"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        *(("slack", good) for good in ("C024BE91L", "U012AB3CD", HOOK)),
        *(("discord", good) for good in ("123456789012345678", HOOK)),
        *(("telegram", good) for good in ("42", "-1001234567890", "@releases")),
        ("teams", HOOK),
        ("chat_webhook", HOOK),
    ],
)
def test_an_address_of_each_kind(kind: str, address: str) -> None:
    assert checked_address(kind, address) == address


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        *(("slack", bad) for bad in ("", "general", "c024be91l", "C024BE91L\r\nX: y", "http://hooks.example.com/", 7)),
        *(("discord", bad) for bad in ("", "1234", "12345678901234567a", "https://127.0.0.1/")),
        *(("telegram", bad) for bad in ("", "name", "@x", "--1", HOOK, "1; DROP")),
        *(
            ("teams", bad)
            for bad in ("", "C024BE91L", "https://10.0.0.1/", "https://u:p@example.com/", "ftp://example.com")
        ),
        *(("chat_webhook", bad) for bad in ("https://[::ffff:127.0.0.1]/", "x" * 2001, None)),
    ],
)
def test_no_address(kind: str, address: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        checked_address(kind, address)
    assert refusal.value.errors[0].field == "address"


@pytest.mark.parametrize("kind", ChatAddress.Kind.values)
def test_where_anybody_may_name_a_server_its_failures_rest_no_account(kind: str) -> None:
    """Else five messages to a server of one's own that hangs would silence the account for everybody whom it serves."""
    try:
        checked_address(kind, HOOK)
    except InvalidRequest:
        assert not kind_class(kind).hosts_vary
    else:
        assert kind_class(kind).hosts_vary
