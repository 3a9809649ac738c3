"""An address is recognised by whoever knows it, and of no use to anybody else."""

import pytest

from hub.policy.masking import mask


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("alice@example.com", "a…@example.com"),
        ("a@example.com", "a…@example.com"),
        ('"a@b"@example.com', '"…@example.com'),
        ("@example.com", "…@example.com"),
        ("+255754123456", "+25…56"),
        ("https://push.example.net/send/@secret", "htt…et"),
        ("12345678", "…"),
        ("", "…"),
    ],
)
def test_what_is_shown(address: str, shown: str) -> None:
    assert mask(address) == shown
