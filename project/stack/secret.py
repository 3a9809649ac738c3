"""Secrets made once and kept in a file that only the owner reads."""

import os
import secrets
from pathlib import Path


def kept_secret(file: Path, size: int = 24) -> str:
    """The secret in `file`, made from `size` random bytes if there is none yet."""
    if file.exists() and (kept := file.read_text().strip()):
        return kept
    fresh = secrets.token_urlsafe(size)
    write_private(file, fresh + "\n")
    return fresh


def write_private(file: Path, text: str) -> None:
    """Write `text` whole or not at all, readable by the owner alone."""
    half = file.with_name(file.name + ".tmp")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    half.replace(file)
