"""Templates that are written to hold a thread: each in a process of its own, which is killed when it does."""

import subprocess
import sys

from tests.bench.report import Options, Report
from tests.content.hostile import FILLING, MOST, READING

# far more than any of them may take, and little enough to wait for
PATIENCE = 60.0
_ONE = "import sys; from tests.content.hostile import seconds; print(seconds(sys.argv[1]))"
# those that stand for a kind each
_SHORT = ("openings", "outputs in a loop", "a huge range offset", "a bomb")


def run(options: Options) -> Report:
    report = Report("templates")
    names = _SHORT if options.short else (*READING, *FILLING)
    worst = max((_seconds(report, name), name) for name in names)
    report.figure(
        f"{len(names)} hostile templates: {worst[0]:.2f} s of the processor at worst ({worst[1]}), {MOST} allowed"
    )
    return report


def _seconds(report: Report, name: str) -> float:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ONE, name], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        report.check(False, f"[{name}] held its thread for {PATIENCE:.0f} s")
        return PATIENCE
    taken = float(done.stdout) if done.returncode == 0 else PATIENCE
    report.check(done.returncode == 0, f"[{name}] failed: {done.stderr[-300:]}")
    report.check(taken < MOST, f"[{name}] held its thread for {taken:.1f} s")
    return taken
