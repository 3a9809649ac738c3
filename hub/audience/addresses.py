"""Addresses outside the app, checked and brought to one spelling each."""

import hashlib
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from hub.content.values import check_text
from hub.exceptions import InvalidRequest

# characters of an external id
MAX_ID = 255
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


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
    """A number in E.164, such as +4930123456; spaces, dots, hyphens and brackets are dropped."""
    text = re.sub(r"[\s().-]", "", check_text(value, field=field, limit=64))
    if not _PHONE.fullmatch(text):
        raise InvalidRequest.on(field, "Give the number with its country code, such as +4930123456.")
    return text


def mail_id(email: str) -> str:
    """The external id of a bare address. The longest don't fit into one: their digest does."""
    text = f"mailto:{email}"
    return text if len(text) <= MAX_ID else f"mailto:{hashlib.sha256(text.encode()).hexdigest()}"
