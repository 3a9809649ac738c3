"""The supervisor restarts what dies, shows what complains, and leaves no child behind."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from project.stack import supervisor as module
from project.stack.child import LOG_LIMIT, Child, Command
from project.stack.errors import StackError
from project.stack.supervisor import Slot, Supervisor
from tests.stack.test_services import alive
from tests.support.waiting import wait_until

SLEEPER = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
COUNTING = "import time; print('started', flush=True); time.sleep(60)"


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    made = Supervisor()
    yield made
    made.stop(hurry=lambda: True)


@pytest.fixture
def slot(tmp_path: Path) -> Callable[..., Slot]:
    def make(code: str, name: str = "child", patience: float = 5.0) -> Slot:
        command = Command(name=name, argv=[sys.executable, "-c", code], patience=patience)

        def launch() -> Child:
            child = Child(command, tmp_path)
            child.start()
            return child

        return Slot(name, launch)

    return make


def run_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    supervisor.run(until=lambda: condition() or time.monotonic() > deadline)
    assert condition()


def test_a_killed_child_is_started_again(
    supervisor: Supervisor, slot: Callable[..., Slot], capsys: pytest.CaptureFixture[str]
) -> None:
    sleeper = slot(SLEEPER, "worker")
    supervisor.add(sleeper)
    before = sleeper.child.pid
    sleeper.child.send(signal.SIGKILL)
    run_until(supervisor, lambda: sleeper.child.running and sleeper.child.pid != before)
    assert "worker was ended by SIGKILL; it starts again in 0.05 s" in capsys.readouterr().out


def test_one_that_keeps_dying_is_given_up_with_its_last_words(
    supervisor: Supervisor, slot: Callable[..., Slot]
) -> None:
    dying = slot("raise SystemExit('no such setting')", "web")
    supervisor.add(dying)
    run_until(supervisor, lambda: dying.deaths >= 3)
    with pytest.raises(StackError, match="web does not stay up: no such setting"):
        supervisor.give_up_on_the_dying(3)


def test_pauses_double_and_end_at_ten_seconds(slot: Callable[..., Slot], capsys: pytest.CaptureFixture[str]) -> None:
    dead = slot("")
    dead.child.wait()
    for _ in range(7):
        dead.restart_at = None
        dead.tick(0.0)
    pauses = [line.split(" in ")[-1] for line in capsys.readouterr().out.splitlines()]
    assert pauses == ["0.5 s", "1 s", "2 s", "4 s", "8 s", "10 s", "10 s"]


def test_stop_ends_groups_last_first_and_leaves_nobody(supervisor: Supervisor, slot: Callable[..., Slot]) -> None:
    ended: list[str] = []
    for name in ("database", "mailbox", "web"):
        one = slot(SLEEPER, name)
        stop = one.child.stop
        one.child.stop = lambda hurry, name=name, stop=stop: (stop(hurry), ended.append(name))  # type: ignore[method-assign,misc]
        supervisor.add(one)
    supervisor.stop()
    assert ended == ["web", "mailbox", "database"]
    assert not any(alive(one.child.pid) for one in supervisor.slots)


@pytest.mark.parametrize(("patience", "hurried"), [(0.3, False), (60.0, True)])
def test_a_child_that_will_not_listen_is_killed(
    supervisor: Supervisor, slot: Callable[..., Slot], patience: float, hurried: bool
) -> None:
    deaf = slot(STUBBORN, patience=patience)
    supervisor.add(deaf)
    wait_until(lambda: deaf.child.last_lines() == ["deaf"])
    started = time.monotonic()
    supervisor.stop(hurry=lambda: hurried)
    assert time.monotonic() - started < 30
    assert deaf.child.exit_code == -signal.SIGKILL


def test_warnings_are_shown_with_the_name_and_the_rest_stays_in_the_log(
    supervisor: Supervisor, slot: Callable[..., Slot], capsys: pytest.CaptureFixture[str]
) -> None:
    chatty = slot("import sys; print('all is well'); print('WARNING disk nearly full'); sys.stdout.flush(); input()")
    supervisor.add(chatty)
    supervisor.groups = [[chatty]]
    wait_until(lambda: len(chatty.child.last_lines()) >= 2)
    chatty.complaints.show("web")
    shown = capsys.readouterr().out
    assert "web WARNING disk nearly full" in shown
    assert "all is well" not in shown
    assert "all is well" in chatty.child.log.read_text()


def test_a_large_log_is_put_aside_at_the_start(slot: Callable[..., Slot], tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))
    started = slot(COUNTING)
    wait_until(lambda: started.child.last_lines() == ["started"])
    started.child.stop(lambda: True)
    assert (tmp_path / "child.log.1").stat().st_size == LOG_LIMIT + 1
