"""PostgreSQL and Redis together, for as long as a `with` block lasts.

with start_services(folder, durable=False) as services:
    services.database_url, services.redis_url
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from project.stack.child import Child
from project.stack.errors import StackError
from project.stack.ports import is_free
from project.stack.postgres import Postgres
from project.stack.redis import Redis

START_ATTEMPTS = 3


@dataclass(frozen=True)
class Services:
    """Running services. `redis_url` is database 0, `broker_url` database 1 of the same server."""

    postgres: Postgres
    redis: Redis

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.redis.url

    @property
    def broker_url(self) -> str:
        return self.redis.database_url(1)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        for server in (self.redis, self.postgres):
            if server.child:
                server.child.stop(hurry)


@contextmanager
def start_services(folder: Path, durable: bool, say: Callable[[str], None] = print) -> Iterator[Services]:
    """Start both in `folder` (kept between runs), yield once both answer, stop both. Raises `StackError`.

    `durable=False` leaves out fsync, for tests. Call it from a thread that outlives the block.
    """
    logs = folder / "logs"
    services = Services(
        Postgres(folder / "postgres", logs, durable=durable, say=say), Redis(folder / "redis", logs, say=say)
    )
    try:
        for server in (services.postgres, services.redis):
            server.prepare()
            start_on_a_free_port(server)
        yield services
    finally:
        services.stop()


def start_on_a_free_port(server: Postgres | Redis) -> Child:
    """Start it; if somebody took the port between our look and its bind, choose another."""
    for _ in range(START_ATTEMPTS - 1):
        try:
            return server.start()
        except StackError:
            if is_free(server.port):
                raise
            server.choose_another_port()
    return server.start()
