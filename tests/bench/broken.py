"""The same check on a deliberately broken build: a patch beside the check, applied to a copy of the tree.

A patch begins with what it is for, which `git apply` skips:

    Breaks: one sentence
    Expect: a regular expression that one of the check's problems has to match
    Form: full            (optional; short is the default)
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.report import Report

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", ".hub", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
LONGEST = 900.0


@dataclass(frozen=True)
class Patch:
    """`<folder of the check>/<check>-<name>.patch`"""

    file: Path
    check: str
    name: str
    breaks: str
    expect: str
    form: str


def patches(package: str, check: str) -> list[Patch]:
    """The broken builds of a check."""
    folder = ROOT / package.replace(".", "/")
    return [_read(file, check) for file in sorted(folder.glob(f"{check}-*.patch"))]


def seen_failing(package: str, patch: Patch) -> Report:
    """Passes only if the check fails on the copy, and fails as the patch says it must."""
    report = Report(f"{patch.check} on {patch.file.name}")
    with tempfile.TemporaryDirectory(prefix="hub-broken-", ignore_cleanup_errors=True) as name:
        copy = Path(name) / "tree"
        copy_tree(copy)
        if complaint := _apply(patch, copy):
            report.check(False, f"the patch no longer applies: {complaint}")
            return report
        report.progress(f"{patch.check} on a copy that is broken: {patch.breaks}")
        problems, output = _run(package, patch, copy)
    if problems is None:
        report.check(False, f"the check could not be run on the copy: {output}")
    else:
        _judge(report, patch, problems)
    return report


def copy_tree(target: Path) -> None:
    """What git tracks or would track; without git everything but what is made here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        shutil.copytree(ROOT, target, ignore=lambda _, names: LEFT_OUT.intersection(names))
        return
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _apply(patch: Patch, copy: Path) -> str:
    """Empty, or why it could not be applied."""
    command = ["git", "apply", "--whitespace=nowarn", str(patch.file)]
    if shutil.which("git") is None:
        command = ["patch", "-p1", "--fuzz=0", "-i", str(patch.file)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()


def _run(package: str, patch: Patch, copy: Path) -> tuple[list[str] | None, str]:
    """What the check found on the copy (None if it didn't get so far), and the end of what it printed."""
    result = copy.parent / "report.json"
    form = [] if patch.form == "full" else ["--short"]
    command = [sys.executable, "-m", package, patch.check, *form, "--report", str(result)]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return None, f"not done within {LONGEST:.0f} s"
    output = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
    return (json.loads(result.read_text())["problems"] if result.exists() else None), output


def _judge(report: Report, patch: Patch, problems: list[str]) -> None:
    wanted = [problem for problem in problems if re.search(patch.expect, problem)]
    if wanted:
        report.figure(f"seen failing on {patch.file.name}: {wanted[0]}")
    elif problems:
        report.check(False, f"it failed otherwise than expected ({patch.expect}): {problems[0]}")
    else:
        report.check(False, "the check passes on the broken build: it shows nothing")


def _read(file: Path, check: str) -> Patch:
    header = dict(
        re.findall(r"^(Breaks|Expect|Form): (.+)$", file.read_text().partition("diff --git")[0], re.MULTILINE)
    )
    name = file.stem.removeprefix(f"{check}-")
    return Patch(file, check, name, header["Breaks"], header["Expect"], header.get("Form", "short"))
