"""Rows of the test suite as a fault check: they run on services of their own, and it says which of them failed.

In the short form the first row that fails is enough.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.bench.broken import ROOT
from tests.bench.report import Options, Report

# of the environment: they ask a hub of their own
LEFT_OUT = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}


def check(name: str, *files: str) -> Callable[[Options], Report]:
    """The check that all rows of `files` pass."""

    def run(options: Options) -> Report:
        report = Report(name)
        note_rows(report, files, options)
        return report

    return run


def note_rows(report: Report, files: Sequence[str], options: Options) -> bool:
    """Run the rows of `files` and note in `report` how many there were, and what failed. Returns whether all passed."""
    report.progress(", ".join(files))
    cases, failed = _rows(files, *(["-x"] if options.short else []))
    for name, message in failed.items():
        report.check(False, f"{name}: {message}")
    report.figure(f"{cases} rows, {len(failed)} failed")
    return not failed


def _rows(files: Sequence[str], *words: str) -> tuple[int, dict[str, str]]:
    """How many rows there were, and what went wrong for which. Raises RuntimeError when they could not be run."""
    with tempfile.TemporaryDirectory(prefix="hub-rows-") as folder:
        result = Path(folder) / "rows.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "--tb=line", f"--junitxml={result}", *words, *files]
        environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1) or not result.exists():
            raise RuntimeError(f"the rows did not run: {(done.stdout + done.stderr)[-500:]}")
        rows = list(ElementTree.parse(result).iter("testcase"))
    failed = {}
    for row in rows:
        for wrong in (*row.iter("failure"), *row.iter("error")):
            failed[row.attrib["name"]] = wrong.attrib.get("message", "").partition("\n")[0][:200]
    return len(rows), failed
