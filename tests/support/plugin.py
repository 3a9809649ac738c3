"""Starts a real PostgreSQL and a real Redis for the test run, before Django reads its settings.

Set DATABASE_URL and REDIS_URL to use services of your own. Workers of a parallel run share the services; each has a
database and a Redis database of its own.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from project.stack.services import start_services
from tests.support.live import live_hub

__all__ = ["live_hub"]

_stack = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    os.environ.setdefault("HUB_SECRET_KEY", "only-for-tests-" + "x" * 40)
    os.environ.setdefault("HUB_DEMO", "1")
    if "DATABASE_URL" not in os.environ:
        folder = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-test-")))
        services = _stack.enter_context(start_services(folder, durable=False))
        os.environ |= {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{1 + int(worker) % 15}").geturl()
    os.environ["CELERY_BROKER_URL"] = os.environ["REDIS_URL"]


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _stack.close()
