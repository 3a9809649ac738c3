"""Fixtures of tests that talk to a hub in processes of its own."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.hub_process import RunningHub, running_hub

OPERATOR_TOKEN = "operator-" + "t" * 40


@dataclass(frozen=True)
class LiveHub:
    """A running hub with its demo tenant. `users`: {"id", "token", "email"} each."""

    process: RunningHub
    demo: dict[str, Any]

    @property
    def url(self) -> str:
        return self.process.url

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    @property
    def api_key(self) -> str:
        return str(self.demo["api_key"])

    @property
    def users(self) -> dict[str, dict[str, str]]:
        return {user["id"]: user for user in self.demo["users"]}


@pytest.fixture(scope="session")
def live_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One hub for all live tests of the run; each test brings subscribers of its own."""
    folder: Path = tmp_path_factory.mktemp("live")
    redis_url = urlsplit(os.environ["REDIS_URL"])
    own_redis = redis_url._replace(path=f"/{15 - int(redis_url.path.strip('/') or '0') % 8}").geturl()
    database_url = os.environ["DATABASE_URL"]
    with running_hub(folder, server_url=database_url, redis_url=own_redis, HUB_OPERATOR_TOKEN=OPERATOR_TOKEN) as hub:
        yield LiveHub(hub, hub.demo())
