"""The wheel in a project of somebody else's: what its view rolls back was never said, on any table or socket."""

import asyncio
import tempfile
from pathlib import Path

import psycopg

from project.stack.services import start_services
from tests.bench.report import Options, Report
from tests.install.host import build_wheel, running_host
from tests.install.rollback import problems_of_rollback


def run(options: Options) -> Report:
    report = Report("install")
    with tempfile.TemporaryDirectory(prefix="hub-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        wheel = build_wheel(folder)
        report.progress(f"{wheel.name}, into a new project")
        with (
            start_services(folder / "services", durable=not options.short, say=report.progress) as services,
            running_host(folder, wheel, database_url=services.database_url, redis_url=services.redis_url) as host,
            psycopg.connect(services.database_url, autocommit=True) as database,
        ):
            for problem in asyncio.run(problems_of_rollback(host, database)):
                report.check(False, problem)
    report.figure("a view that tells and fails leaves no row and no frame; one that commits rings the bell")
    return report
