"""Whether the process lives, and whether it can do its work."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.views import HubView
from hub.presence import redis_client


class Live(HubView):
    """`/livez`: the process answers."""

    authentication_classes = []

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class Ready(HubView):
    """`/readyz`: the database answers and is migrated. Without Redis the hub is slower, so that is only reported."""

    authentication_classes = []

    def get(self, request: Request) -> Response:
        checks = _checks()
        return Response(_status(checks), status=200 if checks["database"] and checks["migrations"] else 503)


class Health(HubView):
    """`/health`: the same with each check, for people and dashboards."""

    authentication_classes = []

    def get(self, request: Request) -> Response:
        checks = _checks()
        shown = {name: "ok" if passed else "failing" for name, passed in checks.items()}
        ready = checks["database"] and checks["migrations"]
        return Response({**_status(checks), "checks": shown, "version": _version()}, status=200 if ready else 503)


def _checks() -> dict[str, bool]:
    database = _database()
    return {"database": database, "migrations": database and _migrated(), "redis": _redis()}


def _status(checks: dict[str, bool]) -> dict[str, Any]:
    if not (checks["database"] and checks["migrations"]):
        return {"status": "unavailable", "degraded": True}
    return {"status": "ok", "degraded": not checks["redis"]}


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


_applied: set[str] = set()


def _migrated() -> bool:
    """Whether every migration is applied. Once it is so it stays so: a process never meets an older database."""
    if "all" not in _applied:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _applied.add("all")
    return True


def _redis() -> bool:
    try:
        return bool(redis_client().ping())
    except (RedisError, OSError):
        return False


@lru_cache(maxsize=1)
def _version() -> str:
    try:
        return version("notification-hub")
    except PackageNotFoundError:
        return "development"
