"""PostgreSQL and Redis start from whatever an earlier run left, as whoever runs them, and leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.stack import identity, postgres
from project.stack.errors import StackError
from project.stack.postgres import Postgres
from project.stack.services import Services, start_services
from tests.support.waiting import wait_until

WAYS = ["self"] if os.geteuid() else ["namespace", "user"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both have run once."""
    folder = tmp_path_factory.mktemp("services")
    with start_services(folder, durable=False) as services:
        execute(services, "CREATE TABLE kept (what text)")
        execute(services, "INSERT INTO kept VALUES ('before')")
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def copy_of_the_wheel(to: Path) -> Path:
    """PostgreSQL's programs where a virtual environment in a closed home has them."""
    install = postgres.find_programs().parent
    wheel = install.parent
    shutil.copytree(install, to / wheel.name / install.name, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), to / f"{wheel.name}.libs")
    return to / wheel.name / install.name / "bin"


def execute(services: Services, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(services.database_url) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("way", WAYS)
def test_both_run_as_whoever_we_are_and_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    offered = identity.ways_for_root
    monkeypatch.setattr(
        identity, "ways_for_root", lambda data: (other for other in offered(data) if other.startswith(way))
    )
    (tmp_path / "home").mkdir(mode=0o700)
    programs = copy_of_the_wheel(tmp_path / "home" / "site-packages")
    monkeypatch.setattr(postgres, "find_programs", lambda: programs)
    with start_services(tmp_path / "home", durable=False) as services:
        limits = execute(services, "SELECT current_setting('max_connections')::int, current_setting('fsync')")
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        pids = [services.postgres.child.pid, services.redis.child.pid]  # type: ignore[union-attr]
    assert limits[0][0] >= 200
    assert limits[0][1] == "off"
    assert not any(map(alive, pids))


def test_data_and_ports_are_kept_between_runs(made: Path) -> None:
    with start_services(made, durable=True) as services:
        first = (services.database_url, services.redis_url)
        assert execute(services, "SELECT what, current_setting('fsync') FROM kept") == [("before", "on")]
    with start_services(made, durable=True) as services:
        assert (services.database_url, services.redis_url) == first


def test_nobody_gets_in_without_the_password(made: Path) -> None:
    with start_services(made, durable=False) as services:
        for url in (services.database_url, services.redis_url):
            assert services.postgres.password in url or services.redis.password in url
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(services.database_url.replace(services.postgres.password, "guessed"))
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis(port=services.redis.port, retry=Retry(NoBackoff(), 0)) as client,
        ):
            client.ping()
    assert (made / "postgres" / "password").stat().st_mode & 0o077 == 0


def test_an_interrupted_initdb_is_not_taken_for_a_database(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.tmp"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with start_services(tmp_path, durable=False) as services:
        assert execute(services, "SELECT 1") == [(1,)]
    assert not half.exists()


@pytest.mark.parametrize("alive_still", [True, False], ids=["of another process", "of none"])
def test_a_stale_pid_file_is_no_obstacle(made: Path, alive_still: bool) -> None:
    data = made / "postgres" / "data"
    other = subprocess.Popen(["sleep", "60"])
    try:
        if not alive_still:
            other.kill()
            other.wait()
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n")
        with start_services(made, durable=False) as services:
            assert execute(services, "SELECT what FROM kept") == [("before",)]
    finally:
        other.kill()
        other.wait()


def test_a_port_that_was_taken_since_is_replaced_and_said(made: Path, taken_port: int, said: list[str]) -> None:
    for name in ("postgres", "redis"):
        (made / name / "port").write_text(str(taken_port))
    with start_services(made, durable=False, say=said.append) as services:
        assert execute(services, "SELECT what FROM kept") == [("before",)]
    assert [line.split("'s port")[0] for line in said] == ["PostgreSQL", "Redis"]
    assert all(str(taken_port) in line for line in said)


def test_a_port_taken_between_look_and_bind_is_replaced(
    made: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "remembered_port", lambda file: (taken_port, None))
    with start_services(made, durable=False) as services:
        assert services.postgres.port != taken_port
        assert execute(services, "SELECT what FROM kept") == [("before",)]


def test_data_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (tmp_path / "postgres" / "password").write_text("kept")
    with pytest.raises(StackError, match="is of PostgreSQL 15, but this is PostgreSQL 18") as refused:
        Postgres(tmp_path / "postgres", tmp_path / "logs").prepare()
    assert "mv " in refused.value.way_out


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["FATAL: could not write: No space left on device", "initdb: removing contents"], "found the disk full"),
        (["starting", "FATAL: no such setting", "shut down"], "did not start: FATAL: no such setting"),
        (["starting", ""], "did not start: starting"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_line(lines: list[str], said: str) -> None:
    assert str(postgres.refused("PostgreSQL", lines)) == f"PostgreSQL {said}"


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    script = f"""
import time
from pathlib import Path
from project.stack.services import start_services
with start_services(Path({str(tmp_path)!r}), durable=False) as services:
    print(services.postgres.child.pid, services.redis.child.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert all(map(alive, pids))
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(alive, pids)))


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()
