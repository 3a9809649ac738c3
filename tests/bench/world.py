"""What a check works on: its own PostgreSQL and Redis, its own hub in processes, and users to notify."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from project.stack.services import Services, start_services
from tests.bench.api import Api
from tests.bench.report import Options, Report
from tests.support.client import HubClient
from tests.support.hub_process import RunningHub

WHOLE = ("mailbox", "web", "worker", "scheduler")


@dataclass(frozen=True)
class User:
    """`id` is the tenant's own, `subscriber` the hub's."""

    id: str
    subscriber: str
    email: str
    token: str


@dataclass
class World:
    """`sql` is a connection of the check's own, in autocommit: it sees what is committed."""

    hub: RunningHub
    services: Services
    folder: Path
    api_key: str
    users: list[User]
    sql: psycopg.Connection[Any]

    @property
    def socket_url(self) -> str:
        return f"{self.hub.url.replace('http', 'ws', 1)}/api/v1/ws"

    def api(self, user: User | None = None, **options: Any) -> Api:
        """A client of the server API, or of the user API."""
        return Api(self.hub.url, user.token if user else self.api_key, **options)

    def client(self, user: User, **options: Any) -> HubClient:
        return HubClient(self.socket_url, token=user.token, **options)

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return self.sql.execute(statement, arguments).fetchall()  # type: ignore[call-overload,no-any-return]

    def value(self, statement: str, *arguments: Any) -> Any:
        return self.rows(statement, *arguments)[0][0]


@contextmanager
def world(
    report: Report, options: Options, *, users: int, run: tuple[str, ...] = WHOLE, **environment: str
) -> Iterator[World]:
    """A migrated hub with `users` and the processes of `run` up, on durable services unless the form is short."""
    with tempfile.TemporaryDirectory(prefix="hub-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with start_services(folder / "services", durable=not options.short, say=report.progress) as services:
            hub = RunningHub(
                folder / "hub",
                database_url=services.database_url,
                redis_url=services.redis_url,
                **{"HUB_DEMO": "0", "DJANGO_SETTINGS_MODULE": "project.settings", **environment},
            )
            try:
                made = _prepare(hub, users)
                hub.start(*run) if run else None
                report.progress(f"{' + '.join(('PostgreSQL', 'Redis', *run))} are up")
                with psycopg.connect(services.database_url, autocommit=True) as sql:
                    people = [User(**user) for user in made["users"]]
                    yield World(hub, services, folder, made["api_key"], people, sql)
            finally:
                hub.stop()


def _prepare(hub: RunningHub, users: int) -> Any:
    output = hub.folder / "seed.json"
    hub.run("-m", "tests.bench.seed", "--users", str(users), "--output", str(output))
    return json.loads(output.read_text())
