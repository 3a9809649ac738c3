"""What a process loads at its start, which everybody waits for."""

import subprocess
import sys

from django.core.management import get_commands

from project.stack.settings import ROOT

NOT_FOR_WEB = {"daphne.server", "botocore", "deliveries.dispatch", "deliveries.sweeper"}


def test_web_loads_nothing_of_daphne_or_of_the_workers() -> None:
    code = "import sys, project.asgi; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "consumers.asgi" in loaded.split()
    assert not NOT_FOR_WEB & set(loaded.split())


def test_runserver_is_daphnes_all_the_same() -> None:
    assert get_commands()["runserver"] == "daphne"
