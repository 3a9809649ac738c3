"""Progress lines: one a step, with a tick and its seconds; a spinner only where somebody is looking.

Read by Pythons older than the hub's own (see bootstrap): syntax that 3.8 understands, standard library only.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from types import TracebackType

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
STILL_AT_IT = 5.0  # seconds after which a step says, where there is no spinner, that it is under way


def symbols() -> tuple[str, str]:
    """A tick and a cross, in ASCII where the terminal knows no more."""
    try:
        "✓✗⠋".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "ok", "x"
    return "✓", "✗"


def styled(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def say(text: str = "") -> None:
    """One line, in place of a spinner if one is turning. A terminal that is gone is nothing to stop for."""
    encoding = sys.stdout.encoding or "ascii"
    start = "\r\033[K" if sys.stdout.isatty() else ""
    with contextlib.suppress(OSError):
        print(start + text.encode(encoding, "replace").decode(encoding), flush=True)


def fail(line: str, way_out: str) -> None:
    """The one line that an end deserves, and what to do about it."""
    say(f"  {styled(symbols()[1], '31')} {line}")
    if way_out:
        say(f"    → {way_out}" if symbols()[0] == "✓" else f"    -> {way_out}")


class Step:
    """`with Step("Database") as step: …` says so when it is done.

    `doing` is shown beside the label while it lasts, `step.note` once it is done.
    """

    def __init__(self, label: str, doing: str = "", *, note: str = "") -> None:
        self.label = label
        self.doing = doing
        self.note = note
        self.started = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show_life, daemon=True)

    def __enter__(self) -> Step:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        put("")
        if kind is None:
            seconds = time.monotonic() - self.started
            note = f"  {styled(self.note, '2')}" if self.note else ""
            say(f"  {styled(symbols()[0], '32')} {self.label}{note}  {styled(f'{seconds:.1f} s', '2')}")

    def _show_life(self) -> None:
        if sys.stdout.isatty() and symbols()[0] == "✓":
            self._spin()
        elif not self._done.wait(STILL_AT_IT):
            say(f"  … {self.label}  {self.doing}".rstrip())

    def _spin(self) -> None:
        turn = 0
        while not self._done.wait(0.09):
            seconds = time.monotonic() - self.started
            put(f"  {FRAMES[turn % len(FRAMES)]} {self.label}  {self.doing}  {seconds:.0f} s")
            turn += 1


def put(text: str) -> None:
    """Rewrite the line that the cursor is in; nothing where there is no terminal."""
    if sys.stdout.isatty():
        with contextlib.suppress(OSError):
            sys.stdout.write(f"\r\033[K{text}")
            sys.stdout.flush()
