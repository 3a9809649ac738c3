"""Encryption at rest for the few secrets that must be read again."""

import base64
import hashlib
from functools import lru_cache
from typing import Any

import orjson
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _fernet(secrets: tuple[str, ...]) -> MultiFernet:
    keys = [base64.urlsafe_b64encode(hashlib.sha256(b"hub.crypto:" + secret.encode()).digest()) for secret in secrets]
    return MultiFernet([Fernet(key) for key in keys])


def _box() -> MultiFernet:
    """Encrypts with SECRET_KEY; still reads what SECRET_KEY_FALLBACKS encrypted, so that the key can be rotated."""
    return _fernet((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def encrypted(text: str) -> str:
    """`text` as an EncryptedTextField keeps it, for statements written by hand. There is nothing to hide in an empty one."""
    return _box().encrypt(text.encode()).decode() if text else ""


def decrypted(kept: str) -> str:
    """What `encrypted` was given."""
    return _box().decrypt(kept.encode()).decode() if kept else ""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that the database only ever sees encrypted (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypted(str(value))

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return None if value is None else decrypted(value)


class EncryptedJsonField(EncryptedTextField):
    """What JSON can say, as encrypted text."""

    # for the types alone: anything goes in and comes out
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else super().get_prep_value(orjson.dumps(value).decode())

    def from_db_value(self, value: str | None, *_: object) -> Any:
        text = super().from_db_value(value)
        return None if text is None else orjson.loads(text)
