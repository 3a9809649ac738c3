"""Addresses outside the app are brought to one spelling, and refused when they can't be any."""

import pytest

from hub.audience.addresses import bare_id, normal_phone
from hub.exceptions import InvalidRequest


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("+4930123456", "+4930123456"),
        ("+49 (30) 123-456", "+4930123456"),
        ("+49 (0)30 123.456", "+4930123456"),
        ("+255754123456", "+255754123456"),
        ("+44 020 7946 0958", "+442079460958"),
        # a zero that belongs to the number
        ("+39 06 12345678", "+390612345678"),
        # nobody's, and yet possible: ranges are opened faster than lists are updated
        ("+1 202 555 0123", "+12025550123"),
    ],
)
def test_one_spelling_a_number(said: str, kept: str) -> None:
    assert normal_phone(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        *(
            "",
            "030123456",
            "+0123456789",
            "+999123456789",
            "+4912",
            "+1",
            "+15550100",
            "+12025550123456789",
            "+1202FLOWERS",
        ),
        *(
            "+4930123456;ext=5",
            "tel:+4930123456",
            "+49\r\n30123456",
            "+٤٩٣٠١٢٣٤٥٦",
            "+4930123456, +4930123457",
            "x" * 65,
            49,
        ),
    ],
)
def test_no_number(said: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        normal_phone(said, field="to.phone")
    assert refusal.value.errors[0].field == "to.phone"


def test_a_bare_address_is_named_by_its_kind() -> None:
    assert bare_id({"email": "a@example.com"}) == "mailto:a@example.com"
    assert bare_id({"phone": "+4930123456"}) == "tel:+4930123456"
