"""The fault programme in its short form: the whole of it is `make chaos`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.broken import patches
from tests.chaos.__main__ import CHECKS

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240.0  # they take 10 to 40; a machine that is busy with other tests is given time
CHECKED = (
    "apns_errors",
    "apns_tokens",
    "bad_frames",
    "bad_input",
    "cut",
    "frames",
    "generated",
    "idempotency",
    "kill",
    "revocation",
    "templates",
)


@pytest.mark.parametrize("name", CHECKED)
def test_nothing_is_lost_doubled_or_out_of_order(name: str) -> None:
    """In a process of its own, as from the command line: it starts a hub, and is killed with it."""
    command = [sys.executable, "-m", "tests.chaos", name, "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_a_broken_build(name: str) -> None:
    assert patches("tests.chaos", name)
