"""A child process of the stack: started to die with us, its output in a log, stopped by patience, then by force."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
POLL = 0.02  # seconds
LOG_LIMIT = 5 * 1024 * 1024  # bytes; above it a log is put aside as `<name>.log.1` when its process starts


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run and how to end it. `stop_signals` are tried in order, each given `patience` seconds, then SIGKILL."""

    name: str
    argv: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None  # to run in; None: ours
    run_as: str = "self"  # see launch.py
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    patience: float = 8.0


class Child:
    """One run of a command. The log is at `<logs>/<name>.log`; stdout and stderr both go there."""

    def __init__(self, command: Command, logs: Path) -> None:
        self.command = command
        self.log = logs / f"{command.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started; negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it. Call this from a thread that lives on: the kernel ends the child when that *thread* ends."""
        rotate(self.log)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                launched(self.command),
                cwd=self.command.folder,
                env={**os.environ, **self.command.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A terminal's Ctrl-C reaches the whole group: ours alone must get it, to stop the children in order.
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def wait(self, until: Callable[[], bool] = lambda: False) -> None:
        """Return when it has ended, or when `until` turns true."""
        while self.running and not until():
            time.sleep(POLL)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End it and wait until it is gone; `hurry` turning true skips the remaining patience."""
        process = self._process
        if process is None:
            return
        for number in self.command.stop_signals:
            if process.poll() is not None:
                return
            process.send_signal(number)
            self.wait(until=either(hurry, after(self.command.patience)))
        if process.poll() is None:
            process.kill()
        process.wait()

    def last_lines(self, count: int = 5) -> list[str]:
        """The end of its log, without empty lines."""
        return [line for line in tail(self.log, 4 * count) if line.strip()][-count:]


def after(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline


def either(*conditions: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: any(condition() for condition in conditions)


def launched(command: Command) -> list[str]:
    death_signal = command.stop_signals[0]
    options = ["--parent", str(os.getpid()), "--death-signal", str(int(death_signal)), "--run-as", command.run_as]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *command.argv]


def rotate(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, count: int) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        return file.read().decode(errors="replace").splitlines()[-count:]
