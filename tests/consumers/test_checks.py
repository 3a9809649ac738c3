"""Daphne in production is warned of, wherever it can be known."""

import logging

import pytest
from pytest_django import Settings

from consumers.checks import daphne_in_production, warn_under_daphne

DAPHNE = [["/usr/bin/daphne", "project.asgi:application"], ["/site-packages/daphne/__main__.py", "-p", "8000"]]
RUNSERVER = [["manage.py", "runserver", "0.0.0.0:8000"]]
OTHERS = [["/usr/bin/uvicorn", "project.asgi:application"], ["manage.py", "check"], ["manage.py", "hub_demo"], []]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("command", "warned"), [(c, True) for c in [*DAPHNE, *RUNSERVER]] + [(c, False) for c in OTHERS]
)
def test_only_daphne_and_only_in_production(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, command: list[str], warned: bool, debug: bool
) -> None:
    settings.DEBUG = debug
    monkeypatch.setattr("sys.argv", command)
    assert [message.id for message in daphne_in_production()] == (["hub.W002"] if warned and not debug else [])


@pytest.mark.parametrize(("command", "said"), [(c, True) for c in DAPHNE] + [(c, False) for c in [*RUNSERVER, *OTHERS]])
def test_daphne_itself_runs_no_checks_so_the_log_says_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, command: list[str], said: bool
) -> None:
    monkeypatch.setattr("sys.argv", command)
    with caplog.at_level(logging.WARNING):
        warn_under_daphne()
    assert ("hub.W002" in caplog.text) is said
