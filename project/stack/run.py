"""`python -m project.stack run`: from installed dependencies to a running hub, and back to nothing left running."""

import contextlib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from project.progress import Step, say
from project.stack import processes
from project.stack.child import Child, Command
from project.stack.errors import StackError
from project.stack.lock import only_one
from project.stack.ports import LOOPBACK
from project.stack.postgres import Postgres
from project.stack.redis import Redis
from project.stack.services import start_on_a_free_port
from project.stack.settings import ROOT, Options, environment_for, read_options, write_services_env
from project.stack.signals import StopRequest
from project.stack.supervisor import Slot, Supervisor
from project.stack.welcome import welcome

READY_SECONDS = 180.0
DEATHS_BEFORE_READY = 3


class Stopped(Exception):
    """Somebody asked us to stop before we were ready."""


def run(folder: Path) -> None:
    """Run the hub in `folder` (`.hub`) until somebody asks it to stop. Raises `StackError` for what prevents it."""
    stop = StopRequest()
    stop.install()
    folder.mkdir(mode=0o700, exist_ok=True)
    with only_one(folder / "lock"):
        options = read_options(folder)
        (folder / "demo.json").unlink(missing_ok=True)
        with kept_while_running(folder / "demo.json"), supervised(stop) as supervisor, contextlib.suppress(Stopped):
            environment = start_services(options, supervisor, stop)
            with kept_while_running(write_services_env(folder, environment)):
                start_edge(options, environment, supervisor)
                demo = prepare(options, environment, stop)
                start_workers(options, environment, supervisor)
                wait_until_ready(options, supervisor, stop)
                demo.replace(folder / "demo.json")  # not before: whoever waits for it takes it for the sign to go on
                welcome(options)
                supervisor.run(until=lambda: bool(stop))


@contextmanager
def supervised(stop: StopRequest) -> Iterator[Supervisor]:
    """A supervisor whose children are all gone at the end, however it comes."""
    supervisor = Supervisor()
    try:
        yield supervisor
    finally:
        if supervisor.slots:
            say()
            with Step("Stopping", note="the data stays in .hub") as step:
                supervisor.stop(hurry=stop.hurry)
                step.label = "Stopped"


@contextmanager
def kept_while_running(file: Path) -> Iterator[None]:
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def start_services(options: Options, supervisor: Supervisor, stop: StopRequest) -> dict[str, str]:
    """Start PostgreSQL and Redis, or take the outside ones; returns the environment of the hub's processes."""
    urls = (options.database_url, options.redis_url, options.broker_url)
    if not options.outside:
        logs = options.folder / "logs"
        postgres = Postgres(options.folder / "postgres", logs, say=remark)
        redis = Redis(options.folder / "redis", logs, say=remark)
        for label, server in (("PostgreSQL", postgres), ("Redis", redis)):
            start_service(label, server, supervisor, stop)
        urls = (postgres.url, redis.url, redis.database_url(1))
    return environment_for(options, database_url=urls[0], redis_url=urls[1], broker_url=urls[2])


def start_service(label: str, server: Postgres | Redis, supervisor: Supervisor, stop: StopRequest) -> None:
    with Step(label) as step:
        server.prepare()
        child = start_on_a_free_port(server)
        supervisor.add(Slot(label, server.launch, child))
        step.note = f"{LOOPBACK}:{server.port}"
    if stop:
        raise Stopped


def prepare(options: Options, environment: dict[str, str], stop: StopRequest) -> Path:
    """Migrate and make the demo tenant, in one process; returns the file that describes the tenant."""
    output = options.folder / "demo.json.tmp"
    words = processes.demo(url=options.url, mailbox_url=options.mailbox_url, output=output)
    with Step("Migrations, demo tenant"):
        finish(python_command("hub_demo", words, environment), options, stop)
    return output


def finish(command: Command, options: Options, stop: StopRequest) -> None:
    """Run a command to its end. Raises `StackError` with its last line if it fails, `Stopped` if we are to stop."""
    child = Child(command, options.folder / "logs")
    child.start()
    child.wait(until=lambda: bool(stop))
    if child.running:
        child.stop(stop.hurry)
        raise Stopped
    if child.exit_code != 0:
        last = "".join(child.last_lines(1)) or "no message"
        raise StackError(f"{command.name} failed: {last}", f"read {child.log}")


def start_edge(options: Options, environment: dict[str, str], supervisor: Supervisor) -> None:
    """Start the mailbox, which must outlive who sends, and web, which says that it isn't ready until all is migrated."""
    folder, smtp_port = options.folder, int(environment["HUB_SMTP_PORT"])
    ports = {"smtp_port": smtp_port, "http_port": options.mailbox_port}
    providers = (int(environment["HUB_PROVIDERS_PORT"]), int(environment["HUB_APNS_PORT"]), folder / "emulators")
    mailbox = processes.mailbox(
        host=LOOPBACK, **ports, folder=folder / "mail", providers=providers, demo=folder / "demo.json"
    )
    web = processes.web(host=LOOPBACK, port=options.port)
    supervisor.add(python_slot("mailbox", mailbox, environment, folder))
    supervisor.add(python_slot("web", web, environment, folder))


def start_workers(options: Options, environment: dict[str, str], supervisor: Supervisor) -> None:
    """Start who works on the tables, once they are there; they go together with web."""
    scheduler = processes.scheduler(schedule=options.folder / "celerybeat-schedule")
    workers = {"worker": processes.worker(), "scheduler": scheduler}
    supervisor.join(*(python_slot(name, words, environment, options.folder) for name, words in workers.items()))


def python_slot(name: str, words: list[str], environment: dict[str, str], folder: Path) -> Slot:
    command = python_command(name, words, environment)

    def launch() -> Child:
        child = Child(command, folder / "logs")
        child.start()
        return child

    return Slot(name, launch)


def python_command(name: str, words: list[str], environment: dict[str, str]) -> Command:
    unbuffered = {**environment, "PYTHONUNBUFFERED": "1"}
    return Command(name=name, argv=[sys.executable, *words], environment=unbuffered, folder=ROOT)


def wait_until_ready(options: Options, supervisor: Supervisor, stop: StopRequest) -> None:
    deadline = time.monotonic() + READY_SECONDS

    def ready_or_stopped() -> bool:
        supervisor.give_up_on_the_dying(DEATHS_BEFORE_READY)
        if time.monotonic() > deadline:
            raise StackError(f"{options.url}/readyz did not answer 200 within {READY_SECONDS:.0f} s", "read .hub/logs")
        return bool(stop) or all(answers(url) for url in (f"{options.url}/readyz", options.mailbox_url))

    with Step("Web, worker, scheduler, mailbox"):
        supervisor.run(until=ready_or_stopped)
        if stop:
            raise Stopped


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def remark(text: str) -> None:
    say(f"  · {text}")
