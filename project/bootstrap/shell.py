"""Running other programs quietly, and telling in one line why one of them failed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUB_FOLDER = ROOT / ".hub"
LOG = HUB_FOLDER / "logs" / "bootstrap.log"
VENV = ROOT / ".venv"

ALL_BUT_NOTHING = 8 * 1024 * 1024  # bytes

# What a failing installer prints, what it means, and what to do about it; the first that fits is told.
REASONS = [
    (
        r"No space left on device|ENOSPC|Disk quota exceeded",
        "the disk is full",
        "free some space (about 1 GB is needed) and run it again",
    ),
    (
        r"[Hh]ash(es)? mismatch|DO NOT MATCH THE HASHES|EINTEGRITY",
        "a downloaded package is not the one that is locked",
        "look for a proxy or mirror that changes packages; nothing was installed from it",
    ),
    (
        r"command '\S*(gcc|cc|clang|g\+\+)'|unable to execute|No such file or directory: '(gcc|cc|make|cmake)'"
        r"|Could not find compiler|no acceptable C compiler|make: command not found|linker `cc` not found",
        "a package has no ready-made build for this machine, and there is no compiler to make one",
        "use Python 3.11 or 3.12 on Linux x86-64, or install a compiler: apt-get install build-essential python3-dev",
    ),
    (
        r"[Ff]ailed to fetch|[Nn]ame resolution|resolve host|ConnectionError|Connection refused|ConnectTimeout"
        r"|NewConnectionError|error sending request|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN"
        r"|CERT_|TLS|SSLError|No matching distribution",
        "the package registry can't be reached",
        "check the network (behind a proxy: HTTPS_PROXY; with a mirror: PIP_INDEX_URL, npm config), then run it again",
    ),
    (
        r"Permission denied|EACCES",
        "a file here belongs to another user",
        "run it as the owner of the checkout, or: sudo chown -R $(id -u) .",
    ),
]


class BootstrapError(Exception):
    """A failure that the user can act on; `str()` is the line, `way_out` what to do about it."""

    def __init__(self, line: str, way_out: str = "") -> None:
        super().__init__(line)
        self.way_out = way_out


class CommandError(BootstrapError):
    """A program failed; its output is in the log."""


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None, folder: Path = ROOT) -> None:
    """Run it with its output in the log. Raises `CommandError`, which tells why."""
    words = [str(word) for word in command]
    for missing in (HUB_FOLDER, LOG.parent):
        missing.mkdir(mode=0o700, exist_ok=True)
    with LOG.open("a+") as log:
        start = log.seek(0, os.SEEK_END)
        log.write("$ {}\n".format(" ".join(words)))
        log.flush()
        try:
            done = subprocess.run(  # noqa: S603
                words,
                cwd=str(folder),
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise CommandError(f"{words[0]} can't be run: {error.strerror}") from error
        if done.returncode != 0:
            log.seek(start)
            raise explained(words[0], log.read())


def explained(program: str, output: str) -> CommandError:
    if shutil.disk_usage(str(ROOT)).free < ALL_BUT_NOTHING:
        output = "No space left on device"  # what it said about it found no space either
    for pattern, line, way_out in REASONS:
        if re.search(pattern, output):
            return CommandError(line, f"{way_out} (more in {os.path.relpath(str(LOG))})")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # The line that says "error" first says more than the last one, which is often a farewell.
    telling = next((line for line in lines[1:] if re.search(r"error:? (?!code)", line, re.IGNORECASE)), lines[-1])
    return CommandError(f"{Path(program).name} failed: {telling}", f"read {os.path.relpath(str(LOG))}")


def answer(command: Sequence[str | Path], timeout: float = 20) -> str | None:
    """What a program prints, or None if it can't be run or fails."""
    try:
        done = subprocess.run(  # noqa: S603
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
