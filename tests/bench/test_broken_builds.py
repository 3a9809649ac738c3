"""Each benchmark and fault check has builds on which it must fail; their patches fit the present tree."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.__main__ import CHECKS
from tests.bench.broken import ROOT, copy_tree, patches, seen_failing

PATCHES = sorted([*(ROOT / "tests/bench").glob("*.patch"), *(ROOT / "tests/chaos").glob("*.patch")])


@pytest.mark.parametrize("name", CHECKS)
def test_every_benchmark_has_a_broken_build(name: str) -> None:
    assert patches("tests.bench", name)


@pytest.mark.parametrize("file", PATCHES, ids=lambda file: file.stem)
def test_the_patch_applies_and_is_small(file: Path) -> None:
    command = ["git", "apply", "--check", "--whitespace=nowarn", str(file)]
    if shutil.which("git") is None:
        command = ["patch", "-p1", "--fuzz=0", "--dry-run", "-i", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make it again: {done.stdout}{done.stderr}"
    changed = [line for line in file.read_text().splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) <= 12


def test_a_patch_that_no_longer_applies_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = tmp_path / "latency-stale.patch"
    diff = "diff --git a/hub/live.py b/hub/live.py\n--- a/hub/live.py\n+++ b/hub/live.py\n@@ -1 +1 @@\n-not there\n+never\n"
    stale.write_text(f"Breaks: nothing\nExpect: anything\n\n{diff}")
    monkeypatch.setattr("tests.bench.broken.ROOT", tmp_path)
    (tmp_path / "tests" / "bench").mkdir(parents=True)
    stale = stale.rename(tmp_path / "tests" / "bench" / stale.name)
    report = seen_failing("tests.bench", patches("tests.bench", "latency")[0])
    assert not report.passed
    assert "no longer applies" in report.problems[0]


def test_a_copy_has_the_sources_and_nothing_that_was_built(tmp_path: Path) -> None:
    copy_tree(tmp_path / "copy")
    assert (tmp_path / "copy" / "hub" / "live.py").read_bytes() == (ROOT / "hub" / "live.py").read_bytes()
    assert not {".git", ".venv", ".hub"} & {path.name for path in (tmp_path / "copy").iterdir()}
