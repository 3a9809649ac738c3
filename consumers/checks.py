"""System checks of the live edge."""

import logging
import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

logger = logging.getLogger(__name__)

HINT = "Serve production with uvicorn: docs/live-edge.md has its command line."


def is_daphne(arguments: list[str]) -> bool:
    """Whether a command line is that of Daphne itself, which runs no checks."""
    program = Path(arguments[0]) if arguments else Path()
    return "daphne" in (program.stem, program.parent.name)


@register()
def daphne_in_production(**_: Any) -> list[CheckMessage]:
    """hub.W002: Daphne keeps whatever a slow reader doesn't read, without bound.

    Nothing but the command line of the process says which server it is: its own, or `runserver`, which it takes over.
    """
    takes_over = "runserver" in sys.argv[1:2] and apps.is_installed("daphne")
    if settings.DEBUG or not (takes_over or is_daphne(sys.argv)):
        return []
    text = "Daphne serves, and DEBUG is off: a client that doesn't read makes this process grow without bound."
    return [Warning(text, hint=HINT, id="hub.W002")]


def warn_under_daphne() -> None:
    """Say in the log what no check would say there."""
    if is_daphne(sys.argv):
        for message in daphne_in_production():
            logger.warning("%s: %s %s", message.id, message.msg, message.hint)
