"""Addresses outside the app, checked and brought to one spelling each."""

import hashlib
import re
from collections.abc import Mapping

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from hub.content.values import check_text
from hub.exceptions import InvalidRequest

# characters of an external id
MAX_ID = 255
_PHONE = re.compile(r"\+[1-9][0-9]{6,19}")


def normal_email(value: object, *, field: str = "email") -> str:
    """An address with its domain in lower case; the local part is the receiver's business."""
    text = check_text(value, field=field, limit=254).strip()
    try:
        validate_email(text)
    except ValidationError as error:
        raise InvalidRequest.on(field, "This is not an email address.") from error
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def normal_phone(value: object, *, field: str = "phone") -> str:
    """A number in E.164, such as +4930123456; spaces, dots, hyphens, brackets and a trunk zero are dropped.

    Its country must exist and have numbers of this length; whether this one was ever given out nobody can know.
    """
    text = re.sub(r"[\s().-]", "", check_text(value, field=field, limit=64))
    number = _parsed(text) if _PHONE.fullmatch(text) else None
    if number is None:
        raise InvalidRequest.on(field, "Give the number with its country code, such as +4930123456.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    return number if possible == phonenumbers.ValidationResult.IS_POSSIBLE else None


def bare_id(entry: Mapping[str, str]) -> str:
    """The external id of a bare address, `{"email"}` or `{"phone"}`."""
    return mail_id(entry["email"]) if "email" in entry else f"tel:{entry['phone']}"


def mail_id(email: str) -> str:
    """The external id of a bare address. The longest don't fit into one: their digest does."""
    text = f"mailto:{email}"
    return text if len(text) <= MAX_ID else f"mailto:{hashlib.sha256(text.encode()).hexdigest()}"
