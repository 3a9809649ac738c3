"""Finding the Chromium that the tests drive. There is no test run without one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from project.bootstrap.packages import PYTHON
from project.bootstrap.shell import BootstrapError, CommandError, answer, run
from project.progress import Step

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PLAYWRIGHTS = (
    ".cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "Library/Caches/ms-playwright/chromium-*/*/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser() -> str:
    """`CHROMIUM`, one on the PATH, Playwright's, one that apt-get or Playwright installs now."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not works(named):
            raise BootstrapError(f"CHROMIUM={named} does not run", "unset it, or name one that does")
        return named
    return first_that_works() or installed_now()


def first_that_works() -> str | None:
    return next((path for path in installed() if works(path)), None)


def installed() -> Iterator[str]:
    yield from (path for path in map(shutil.which, NAMES) if path)
    for pattern in PLAYWRIGHTS:
        yield from sorted(map(str, Path.home().glob(pattern)), reverse=True)


def works(path: str) -> bool:
    return answer([path, "--version"], timeout=60) is not None


def installed_now() -> str:
    with Step("Chromium", "none here: installing one"):
        for command in installers():
            try:
                run(command, {"DEBIAN_FRONTEND": "noninteractive"})
            except CommandError:
                continue
            path = first_that_works()
            if path:
                return path
    raise BootstrapError(
        "the tests need Chromium, and none could be installed",
        "apt-get install chromium, or name one: CHROMIUM=/path/to/chromium make test",
    )


def installers() -> Iterator[list[str]]:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        yield ["apt-get", "update"]
        yield ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    yield [str(PYTHON), "-m", "playwright", "install", "chromium"]
