"""The strangers' matrix as a fault check: what belongs to somebody else is not there, and nothing is done without the right.

The matrix is tests/*/test_strangers*.py: this runs it on services of its own, and says which operations it failed for. One
that holds is then held by the clock too. In the short form the first row that fails is enough.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.bench.broken import ROOT
from tests.bench.report import Options, Report
from tests.chaos.strangers_times import compare

# of the environment: a matrix asks a hub of its own
LEFT_OUT = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}


def run(options: Options) -> Report:
    report = Report("strangers")
    files = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/*/test_strangers*.py"))
    report.progress(", ".join(files))
    cases, failed = _matrix(files, *(["-x"] if options.short else []))
    for name, message in failed.items():
        report.check(False, f"{name}: {message}")
    report.figure(f"{cases} rows of the matrix, {len(failed)} failed")
    if not failed:
        compare(report, options)
    return report


def _matrix(files: list[str], *words: str) -> tuple[int, dict[str, str]]:
    """How many rows there were, and what went wrong for which. Raises RuntimeError when it could not be run."""
    with tempfile.TemporaryDirectory(prefix="hub-strangers-") as folder:
        result = Path(folder) / "rows.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "--tb=line", f"--junitxml={result}", *words, *files]
        environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1) or not result.exists():
            raise RuntimeError(f"the matrix did not run: {(done.stdout + done.stderr)[-500:]}")
        rows = list(ElementTree.parse(result).iter("testcase"))
    failed = {}
    for row in rows:
        for wrong in (*row.iter("failure"), *row.iter("error")):
            failed[row.attrib["name"]] = wrong.attrib.get("message", "").partition("\n")[0][:200]
    return len(rows), failed
