"""A whole hub in processes of its own, on a database of its own: what live tests, chaos and benchmarks talk to."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from project.stack import processes
from project.stack.child import Child, Command
from project.stack.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[2]


class RunningHub:
    """The hub's processes by name: `web`, `worker`, `scheduler`, `mailbox` (and `web-2` …). All data under `folder`."""

    def __init__(
        self, folder: Path, *, database_url: str, redis_url: str, root: Path = ROOT, **environment: str
    ) -> None:
        self.folder = folder
        self.root = root
        self.database_url = database_url
        self.ports = {name: free_port() for name in ("web", "web-2", "smtp", "mailbox")}
        self.url = self.url_of("web")
        self.mailbox_url = f"http://{LOOPBACK}:{self.ports['mailbox']}/"
        self.children: dict[str, Child] = {}
        self.environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CELERY_BROKER_URL": redis_url,
            "HUB_SECRET_KEY": "only-for-tests-" + "x" * 40,
            "HUB_PORT": str(self.ports["web"]),
            "HUB_PUBLIC_URL": self.url,
            "HUB_DEMO": "1",
            "HUB_MAILBOX_URL": self.mailbox_url,
            "EMAIL_URL": f"smtp://{LOOPBACK}:{self.ports['smtp']}",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def start(self, *names: str) -> None:
        """Start the named processes (all of one hub by default) and wait until each web process answers."""
        names = names or ("mailbox", "web", "worker", "scheduler")
        for name in names:
            child = Child(self._command(name, self._words(name)), self.folder / "logs")
            child.start()
            self.children[name] = child
        for name in names:
            if name.startswith("web"):
                self.wait_ready(name)

    def run(self, *words: str) -> None:
        """Run a command to its end. Raises with its last lines if it fails."""
        child = Child(
            self._command(words[1] if words[0] == "manage.py" else words[0], list(words)), self.folder / "logs"
        )
        child.start()
        child.wait()
        if child.exit_code:
            raise RuntimeError(f"{' '.join(words)} failed: {child.last_lines(10)}")

    def demo(self) -> dict[str, Any]:
        """A tenant with two users, an API key and tokens, as `.hub/demo.json` has them."""
        output = self.folder / "demo.json"
        self.run(*processes.demo(url=self.url, mailbox_url=self.mailbox_url, output=output))
        made: dict[str, Any] = json.loads(output.read_text())
        return made

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        child = self.children[name]
        if child.pid is not None and child.running:
            os.kill(child.pid, 9)
        child.wait()

    def stop(self) -> None:
        for name in ("web", "web-2", "worker", "scheduler", "mailbox"):
            if name in self.children:
                self.children.pop(name).stop()

    def url_of(self, name: str) -> str:
        """Of one of the web processes."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def wait_ready(self, name: str = "web", seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not self._answers(name):
            if time.monotonic() > deadline or not self.children[name].running:
                raise RuntimeError(f"{name} is not ready: {self.children[name].last_lines(20)}")
            time.sleep(0.05)

    def _answers(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url_of(name)}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def mails(self) -> list[dict[str, Any]]:
        """What the mailbox has received, newest first: {id, to, subject, message_id, received_at}."""
        with urllib.request.urlopen(f"{self.mailbox_url}api/messages", timeout=10) as answer:
            received = json.load(answer)
        return list(received["messages"] if isinstance(received, dict) else received)

    def _words(self, name: str) -> list[str]:
        commands: dict[str, Callable[[], list[str]]] = {
            "web": lambda: processes.web(host=LOOPBACK, port=self.ports["web"]),
            "web-2": lambda: processes.web(host=LOOPBACK, port=self.ports["web-2"]),
            "worker": processes.worker,
            "scheduler": lambda: processes.scheduler(schedule=self.folder / "schedule"),
            "mailbox": lambda: processes.mailbox(
                host=LOOPBACK,
                smtp_port=self.ports["smtp"],
                http_port=self.ports["mailbox"],
                folder=self.folder / "mail",
            ),
        }
        return commands[name]()

    def _command(self, name: str, words: list[str]) -> Command:
        return Command(name=name, argv=[sys.executable, *words], environment=self.environment, folder=self.root)


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A new, empty database beside that of `server_url`; dropped at the end."""
    name = f"hub_live_{uuid.uuid4().hex[:8]}"
    admin = urlsplit(server_url)._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_hub(
    folder: Path, *, server_url: str, redis_url: str, root: Path = ROOT, **environment: str
) -> Iterator[RunningHub]:
    """A migrated hub with all its processes up, for as long as the block lasts. `root`: the source tree that it runs."""
    with own_database(server_url) as database_url:
        hub = RunningHub(folder, database_url=database_url, redis_url=redis_url, root=root, **environment)
        try:
            hub.run(*processes.migrate())
            hub.start()
            yield hub
        finally:
            hub.stop()
