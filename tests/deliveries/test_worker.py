"""Promise: a worker mails while the broker is away, hears hints once it is back, and ends without losing a call."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

from deliveries import worker as edge
from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from project.celery import configuration
from project.stack.redis import find_program
from tests.deliveries.smtp_server import HANG, MailServer
from tests.support.deliveries import owe
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def worker(
    mail: MailServer, broker_port: int, log: Path, sweep_interval: float, provider_timeout: int = 15
) -> Iterator["subprocess.Popen[bytes]"]:
    """`celery worker`, as the stack starts it, on the test's database."""
    broker = f"redis://127.0.0.1:{broker_port}/0"
    database = connection.settings_dict
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.deliveries.worker_settings",
        "DATABASE_URL": os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}",
        "REDIS_URL": broker,
        "CELERY_BROKER_URL": broker,
        "TEST_SMTP_PORT": str(mail.port),
        "TEST_SWEEP_INTERVAL": str(sweep_interval),
        "TEST_PROVIDER_TIMEOUT": str(provider_timeout),
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "project",
        "worker",
        "--pool",
        "threads",
        "-l",
        "info",
        "--without-mingle",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def broker(port: int) -> Iterator[None]:
    command = [find_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            wait_until(lambda: answers(client))
        yield
    finally:
        process.kill()
        process.wait()


def answers(client: "redis.Redis[bytes]") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def hint(port: int) -> None:
    """What `hub.wake` does, through this broker."""
    app = Celery("test", set_as_current=False)
    app.conf.update(configuration())
    # said outright: CELERY_BROKER_URL in the environment would outweigh the configuration
    with app.connection_for_write(f"redis://127.0.0.1:{port}/0") as link:
        app.send_task("deliveries.dispatch", ["email", "high"], queue="email.high", connection=link, retry=False)


def hints(port: int) -> int:
    """How many wait."""
    with redis.Redis(port=port) as client:
        return client.llen("email.high")


def test_mail_goes_out_although_there_has_never_been_a_broker(
    alice: Subscriber, mail: MailServer, free_port: int, tmp_path: Path
) -> None:
    owe(alice)
    log = tmp_path / "log"
    with worker(mail, free_port, log, sweep_interval=0.2) as process:
        wait_until(lambda: mail.received, 60, why=log.read_text)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert Delivery.objects.get().state == "sent", log.read_text()


def test_a_worker_hears_hints_again_after_the_broker_was_away(
    alice: Subscriber, mail: MailServer, free_port: int, tmp_path: Path
) -> None:
    """Its sweeper sleeps for an hour, so what is mailed is mailed for a hint."""
    log = tmp_path / "log"
    with worker(mail, free_port, log, sweep_interval=3600):
        for outage in range(3):
            with broker(free_port):
                owe(alice)
                hint(free_port)
                wait_until(lambda wanted=outage + 1: len(mail.received) == wanted, 60, why=log.read_text)  # type: ignore[misc]
            time.sleep(0.5)


def test_a_worker_that_is_asked_to_end_waits_for_what_is_on_the_wire(
    alice: Subscriber, mail: MailServer, free_port: int, tmp_path: Path
) -> None:
    mail.behaviour["payload"] = HANG
    log = tmp_path / "log"
    with broker(free_port), worker(mail, free_port, log, sweep_interval=0.2, provider_timeout=5) as process:
        # its sweeper is at work before Celery has put up its signal handlers; who takes a hint has them
        hint(free_port)
        wait_until(lambda: not hints(free_port), 60, why=log.read_text)
        owe(alice)
        wait_until(lambda: mail.received, 60, why=log.read_text)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: "Warm shutdown" in log.read_text(), 60, why=log.read_text)
        owe(alice)
        process.wait(60)
    assert list(Delivery.objects.order_by("id").values_list("state", "unknowns")) == [("waiting", 1), ("waiting", 0)]


def test_the_garbage_collector_leaves_alone_what_is_under_way() -> None:
    usual = gc.get_threshold()
    try:
        edge.freeze()
        before = gc.get_stats()
        under_way: list[object] = [[] for _ in range(30_000)]
        assert gc.get_stats() == before, f"{len(under_way)} objects were looked at"
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


@pytest.mark.parametrize("pool", ["prefork"])
def test_a_pool_that_forks_gets_no_sweeper(pool: str, caplog: pytest.LogCaptureFixture) -> None:
    class Sender:
        pool_cls = pool

    edge.start_ticker(sender=Sender())
    assert "pool forks" in caplog.text
    assert edge._tickers == []
