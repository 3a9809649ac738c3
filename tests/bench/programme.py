"""Runs named checks, then the same on their broken builds, and says on one screen what came of it.

python -m tests.chaos [NAME …] [--short] [--broken]
"""

import argparse
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from project.progress import say
from tests.bench.broken import patches, seen_failing
from tests.bench.report import Options, Report, machine

Check = Callable[[Options], Report]


def main(package: str, checks: Mapping[str, Check], arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if anything failed. Without names: all checks, then all broken builds."""
    wanted = _parse(package, checks, arguments)
    names = wanted.names or list(checks)
    say(f"\n  {machine()}\n")
    reports = []
    if not wanted.broken:
        reports += [_run(name, checks[name], Options(short=wanted.short)) for name in names]
    if wanted.report and not reports[0].crashed:
        reports[0].write(wanted.report)
    if wanted.broken or not wanted.names:
        reports += [_run_broken(package, name) for name in names]
    failed = [report.name for report in reports if not report.passed]
    say(
        f"\n  {len(reports) - len(failed)} of {len(reports)} passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def _run(name: str, check: Check, options: Options) -> Report:
    say(f"  {name}")
    try:
        report = check(options)
    except Exception as error:
        traceback.print_exc()
        report = Report(name, crashed=True)
        report.check(False, f"it could not be carried out: {type(error).__name__}: {error}")
    report.show()
    return report


def _run_broken(package: str, name: str) -> Report:
    """All broken builds of a check as one report: a check without any has shown nothing."""
    whole = Report(f"{name}, broken on purpose")
    builds = patches(package, name)
    whole.check(bool(builds), "there is no broken build for this check")
    for patch in builds:
        report = seen_failing(package, patch)
        whole.figures += report.figures
        whole.problems += [f"{patch.file.name}: {problem}" for problem in report.problems]
    whole.show()
    return whole


def _parse(package: str, checks: Mapping[str, Check], arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(checks)}; all without one")
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--broken", action="store_true", help="see the checks fail on their broken builds")
    parser.add_argument("--report", type=Path, help="write the result of one check to a file, as JSON")
    wanted = parser.parse_args(arguments)
    if unknown := set(wanted.names) - set(checks):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(checks)}")
    if wanted.report and (wanted.broken or len(wanted.names) != 1):
        parser.error("--report goes with one NAME, and not with --broken")
    return wanted
