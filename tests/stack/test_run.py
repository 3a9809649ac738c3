"""`make run` as a whole: one clear line for what stands in the way, restarts, and a stop that leaves only the data."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project.stack.errors import StackError
from project.stack.lock import only_one
from project.stack.ports import free_port
from project.stack.settings import ROOT, environment_for, read_options, write_services_env
from project.stack.signals import StopRequest
from tests.stack.test_services import alive
from tests.support.waiting import wait_until

OURS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "HUB_PORT", "HUB_MAILBOX_PORT", "EMAIL_URL")


class Run:
    """A `make run` of our own, in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.mailbox_port = free_port(), free_port()
        self.output = folder.parent / "output"
        ours = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environment = {**ours, "HUB_PORT": str(self.port), "HUB_MAILBOX_PORT": str(self.mailbox_port)}

    def start(self) -> "subprocess.Popen[bytes]":
        code = f"import sys; from pathlib import Path; from project.stack.__main__ import main; sys.exit(main(['run'], Path({str(self.folder)!r})))"  # noqa: E501
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.output.read_text()

    def children(self, parent: int) -> dict[str, int]:
        """The pids of its processes by what they run."""
        found = {}
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            name = re.search(r"uvicorn|worker|beat|mailbox|postgres|redis-server|valkey-server", words)
            found[name[0] if name else words] = int(pid)
        return found


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("name", ["HUB_PORT", "HUB_MAILBOX_PORT"])
def test_a_taken_port_is_one_line_with_the_command_to_use_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None, taken_port: int, name: str
) -> None:
    monkeypatch.setenv("HUB_PORT", str(free_port()))
    monkeypatch.setenv("HUB_MAILBOX_PORT", str(free_port()))
    monkeypatch.setenv(name, str(taken_port))
    with pytest.raises(StackError, match=f"port {taken_port} is taken") as refused:
        read_options(tmp_path)
    assert re.fullmatch(rf"{name}=\d+ make run", refused.value.way_out)
    assert str(taken_port) not in refused.value.way_out


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"HUB_PORT": "http"}, "HUB_PORT=http is not a port"),
        ({"HUB_PORT": "70000"}, "HUB_PORT=70000 is not a port"),
        ({"DATABASE_URL": "postgres://other/hub"}, "DATABASE_URL is set, but REDIS_URL is not"),
        ({"REDIS_URL": "redis://other"}, "REDIS_URL is set, but DATABASE_URL is not"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None, environment: dict[str, str], line: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=line):
        read_options(tmp_path)


def test_outside_services_are_used_when_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://other/hub")
    monkeypatch.setenv("REDIS_URL", "redis://other/0")
    monkeypatch.setenv("HUB_PORT", str(free_port()))
    monkeypatch.setenv("HUB_MAILBOX_PORT", str(free_port()))
    options = read_options(tmp_path)
    assert options.outside
    assert options.broker_url == "redis://other/0"


def test_the_services_file_is_private_and_keeps_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.delenv("HUB_SECRET_KEY", raising=False)
    monkeypatch.setenv("HUB_PORT", str(free_port()))
    monkeypatch.setenv("HUB_MAILBOX_PORT", str(free_port()))
    options = read_options(tmp_path)
    urls = {"database_url": "postgres://a/b", "redis_url": "redis://a/0", "broker_url": "redis://a/1"}
    first, second = environment_for(options, **urls), environment_for(options, **urls)
    assert first == second
    assert len(first["HUB_SECRET_KEY"]) >= 50
    file = write_services_env(tmp_path, first)
    assert file.stat().st_mode & 0o077 == 0
    assert "DATABASE_URL=postgres://a/b\n" in file.read_text()


def test_whoever_names_a_mail_server_has_mail_go_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setenv("HUB_PORT", str(free_port()))
    monkeypatch.setenv("HUB_MAILBOX_PORT", str(free_port()))
    options = read_options(tmp_path)
    urls = {"database_url": "postgres://a/b", "redis_url": "redis://a/0", "broker_url": "redis://a/1"}
    by_emulator = {}
    for url in ("", "smtp://mail.example.com"):
        monkeypatch.setenv("EMAIL_URL", url)
        providers = environment_for(options, **urls)["HUB_DEMO_PROVIDERS"]
        by_emulator[url] = "mailgun" in json.loads(Path(providers).read_text())
    assert by_emulator == {"": True, "smtp://mail.example.com": False}


def test_a_second_run_in_the_same_checkout_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(StackError, match=rf"pid {os.getpid()}")
    with only_one(tmp_path / "lock"), refused, only_one(tmp_path / "lock"):
        pass
    with only_one(tmp_path / "lock"):
        pass


def test_an_interrupt_that_only_make_got_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(
        "import time\nfrom project.stack.signals import StopRequest\nstop = StopRequest()\nstop.install()\n"
        "print('waiting', flush=True)\nwhile not stop:\n    time.sleep(0.02)\nprint('stopped in order', flush=True)\n"
    )
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {sys.executable} {script} >{tmp_path}/output\n")
    # A shell's background job ignores interrupts, and hands that on: this make must hear them wherever the suite runs.
    heard = ["env", "--default-signal=INT", "make", "--silent", "-C", str(tmp_path), "run"]
    make = subprocess.Popen(heard, env={**os.environ, "PYTHONPATH": str(ROOT)})
    output = tmp_path / "output"
    try:
        wait_until(lambda: output.exists() and "waiting" in output.read_text())
        make.send_signal(signal.SIGINT)
        assert make.wait(60) != 0
        assert "stopped in order" in output.read_text()
    finally:
        make.kill()
        make.wait()


def test_asked_twice_is_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        stop = StopRequest()
        stop.install()
        assert not stop
        signal.raise_signal(signal.SIGTERM)
        assert stop
        assert not stop.hurry()
        signal.raise_signal(signal.SIGINT)
        assert stop.hurry()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_whole_of_it(tmp_path: Path) -> None:
    run = Run(tmp_path / "hub")
    process = run.start()
    try:
        demo = tmp_path / "hub" / "demo.json"
        wait_until(lambda: demo.exists() or process.poll() is not None, seconds=240)
        assert process.poll() is None, run.said()
        about = json.loads(demo.read_text())
        assert (about["url"], len(about["users"])) == (f"http://127.0.0.1:{run.port}", 3)
        wait_until(lambda: "Ctrl-C" in run.said())
        assert about["api_key"] in run.said()

        sent = ask(about, "/notifications", {"to": "alice", "title": "Hello", "channels": ["email", "sms"]})
        timeline = f"/notifications/{sent['id']}/timeline"
        wait_until(lambda: str(ask(about, timeline)).count("'delivery.delivered'") == 2, seconds=60)

        second = run.start()
        assert second.wait(60) == 1
        assert f"another `make run` (pid {process.pid})" in run.said()

        before = run.children(process.pid)
        assert set(before) >= {"uvicorn", "worker", "beat", "mailbox", "postgres"}
        os.kill(before["mailbox"], signal.SIGKILL)
        os.kill(before["postgres"], signal.SIGKILL)
        wait_until(lambda: run.said().count("was ended by SIGKILL") == 2)
        wait_until(lambda: all(map(answers, (f"{about['url']}/readyz", about["mailbox_url"]))), seconds=60)
        running = run.children(process.pid)

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, run.said()
        assert not any(alive(pid) for pid in running.values())
        assert (tmp_path / "hub" / "postgres" / "data" / "PG_VERSION").exists()
        assert not (tmp_path / "hub" / "services.env").exists()
    finally:
        process.kill()
        process.wait()


def ask(about: dict[str, Any], path: str, content: Any = None) -> Any:
    """GET, or POST of JSON, with the demo's key."""
    body = None if content is None else json.dumps(content).encode()
    headers = {"Authorization": f"Bearer {about['api_key']}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{about['url']}/api/v1{path}", body, headers)) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
