"""Finding a Python that the hub runs on, by running each: a name on the PATH may be a shim that only complains."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from project.bootstrap.shell import BootstrapError, answer

WITH_REDIS = ((3, 12), (3, 11))  # the embedded Redis has builds for these
WITHOUT_REDIS = ((3, 13), (3, 14))  # everything else has builds for these too
NAMES = ("python3.12", "python3.11", "python3.13", "python3.14", "python3", "python")
ELSEWHERE = (
    (Path.home(), ".pyenv/versions/3.1[1234]*/bin/python3"),
    (Path.home(), ".local/share/uv/python/*/bin/python3"),
    (Path("/opt"), "homebrew/bin/python3.1[1234]"),
    (Path("/opt"), "python/*/bin/python3"),
    (Path("/usr"), "local/bin/python3.1[1234]"),
)
# The modules that a virtual environment and a download need, and that distributions leave out.
PROBE = "import sys, venv, ensurepip, ssl, ctypes; print(sys.version_info[0], sys.version_info[1])"


def find_python() -> str:
    """A Python of a version that fits: the running one if it can be, else the first that works."""
    allowed = allowed_versions()
    for candidate in candidates():
        if version_of(candidate) in allowed:
            return candidate
    raise nothing_fits()


def allowed_versions() -> tuple[tuple[int, int], ...]:
    own_redis = shutil.which("redis-server") or shutil.which("valkey-server") or os.environ.get("REDIS_URL")
    return WITH_REDIS + WITHOUT_REDIS if own_redis else WITH_REDIS


def version_of(python: str | Path) -> tuple[int, int] | None:
    """(major, minor), or None if it doesn't run or lacks what we need."""
    words = (answer([python, "-c", PROBE]) or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 else None


def candidates() -> Iterator[str]:
    """Every path that may be a Python, the likelier first; each once."""
    seen = set()
    for path in every_path():
        if path not in seen and os.access(path, os.X_OK):
            seen.add(path)
            yield path


def every_path() -> Iterator[str]:
    yield from [sys.executable] if sys.executable else []
    on_path = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    yield from (str(folder / name) for name in NAMES for folder in on_path)
    for folder, pattern in ELSEWHERE:
        yield from sorted(map(str, folder.glob(pattern)), reverse=True)


def nothing_fits() -> BootstrapError:
    newer = next((path for path in candidates() if version_of(path) in WITHOUT_REDIS), None)
    if newer:
        return BootstrapError(
            f"there is no Redis for {newer} (the embedded one needs Python 3.11 or 3.12)",
            "install Redis (apt-get install redis-server), or Python 3.12",
        )
    if any(
        answer([path, "-c", "import sys; assert (3, 11) <= sys.version_info < (3, 13)"]) == "" for path in candidates()
    ):
        return BootstrapError(
            "Python is there, but not the part of it that makes virtual environments",
            "apt-get install python3-venv",
        )
    return BootstrapError(
        "no Python 3.11 or 3.12 was found (looked on the PATH, and for those of pyenv, uv and Homebrew)",
        "install one: apt-get install python3.11 python3.11-venv, or pyenv install 3.12, or uv python install 3.12",
    )
