"""`make` starts with whatever Python is there, finds one that works, does nothing twice, and says what fails."""

import ast
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from project import progress
from project.bootstrap import browser, packages, pythons, sdk, shell

ROOT = Path(__file__).resolve().parents[2]
OLD_SYNTAX = [ROOT / "project/progress.py", *sorted((ROOT / "project/bootstrap").glob("*.py"))]


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("file", OLD_SYNTAX, ids=lambda file: file.stem)
def test_what_starts_first_is_read_by_python_3_8_and_needs_the_standard_library_alone(file: Path) -> None:
    tree = ast.parse(file.read_text(), feature_version=(3, 8))
    nodes = list(ast.walk(tree))
    imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    ours = {name for name in imported if name.startswith("project")}
    assert ours <= {"project.progress", "project.bootstrap", *(f"project.bootstrap.{file.stem}" for file in OLD_SYNTAX)}
    assert {name.split(".")[0] for name in imported - ours} <= set(sys.stdlib_module_names)


def test_a_shim_that_fails_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "shims/python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    program(tmp_path / "old/python3.12", "echo 3 9")
    good = program(tmp_path / "good/python3.11", "echo 3 11")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "old/python3.12"))
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("shims", "old", "good")))
    assert pythons.find_python() == str(good)


@pytest.mark.parametrize(
    ("answers", "line"),
    [("echo 3 9", "no Python 3.11 or 3.12 was found"), ("echo 3 13", "there is no Redis for")],
)
def test_no_python_that_fits_is_one_line_and_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str, line: str
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3.13", answers)))
    monkeypatch.setattr(pythons, "ELSEWHERE", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REDIS_URL", raising=False)
    with pytest.raises(shell.BootstrapError, match=line) as refused:
        pythons.find_python()
    assert "install" in refused.value.way_out.lower()


def test_a_newer_python_will_do_where_redis_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = program(tmp_path / "python3.13", "echo 3 13")
    program(tmp_path / "redis-server", "")
    monkeypatch.setattr(sys, "executable", str(newer))
    monkeypatch.setattr(pythons, "ELSEWHERE", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pythons.find_python() == str(newer)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("npm error code ENOSPC", "the disk is full"),
        ("error: command 'gcc' failed: No such file or directory", "there is no compiler to make one"),
        ("error: Failed to fetch: `https://example.com/simple/django/`", "the package registry can't be reached"),
        ("npm error code ENOTFOUND", "the package registry can't be reached"),
        ("error: Hash mismatch for `django==5.2`", "a downloaded package is not the one that is locked"),
        ("$ npm ci\nnpm error code E1\nnpm error something else\ngoodbye", "npm failed: npm error something else"),
    ],
)
def test_a_failure_is_told_in_one_line_with_the_log(output: str, line: str) -> None:
    error = shell.explained("/usr/bin/npm", output)
    assert line in str(error)
    assert "\n" not in str(error) + error.way_out
    assert "bootstrap.log" in error.way_out


def test_packages_are_installed_again_only_when_a_lock_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[str] = []
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(packages, "venv_works", lambda: True)
    monkeypatch.setattr(packages, "fill_venv", filled.append)
    (tmp_path / "requirements").mkdir()
    for kind in ("run", "dev"):
        packages.lock_file(kind).write_text("one")
    for kind in ("run", "run", "dev", "run", "dev"):
        packages.install(kind)
    assert filled == ["run", "dev"], "what `dev` installed serves `run` too"
    packages.lock_file("dev").write_text("two")
    packages.install("run")
    assert filled == ["run", "dev"]
    packages.lock_file("run").write_text("two")
    packages.install("run")
    assert filled == ["run", "dev", "dev"], "and what is there for the tests stays"


def test_the_sdk_is_built_again_only_when_its_sources_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def pretend(command: list[str], environment: object = None, folder: Path = tmp_path) -> None:
        ran.append(command[1])
        (folder / ("dist" if command[1] == "run" else "node_modules")).mkdir(exist_ok=True)

    monkeypatch.setattr(sdk, "SDK", tmp_path)
    monkeypatch.setattr(sdk, "HUB_FOLDER", tmp_path / ".hub")
    monkeypatch.setattr(sdk, "MODULES_STAMP", tmp_path / ".hub" / "npm")
    monkeypatch.setattr(sdk, "BUILD_STAMP", tmp_path / ".hub" / "sdk")
    monkeypatch.setattr(sdk, "NOT_SOURCES", {*sdk.NOT_SOURCES, ".hub"})
    monkeypatch.setattr(sdk, "run", pretend)
    monkeypatch.setattr(sdk, "npm", lambda: "npm")
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "index.ts").write_text("export {}")
    sdk.build()
    sdk.build()
    assert ran == ["ci", "run"]
    (tmp_path / "index.ts").write_text("export const changed = 1")
    sdk.build()
    assert ran == ["ci", "run", "run"]


def test_a_named_browser_that_does_not_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(shell.BootstrapError, match="does not run"):
        browser.find_browser()
    monkeypatch.setenv("CHROMIUM", str(program(tmp_path / "some", "echo Chromium 140")))
    assert browser.find_browser() == str(tmp_path / "some")


def test_it_starts_where_nothing_is_installed() -> None:
    bare = [sys.executable, "-I", "-S", str(ROOT / "project" / "bootstrap")]
    done = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run|test|check|bench|chaos" in done.stderr


def test_make_says_so_when_there_is_no_python_at_all(tmp_path: Path) -> None:
    for tool in ("echo", "sh"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    make = subprocess.run(["which", "make"], capture_output=True, text=True, check=True).stdout.strip()
    makefile = (ROOT / "Makefile").read_text().replace("/usr/bin/python3", "/nowhere/python3")
    (tmp_path / "Makefile").write_text(makefile)
    done = subprocess.run(
        [make, "-C", str(tmp_path), "--no-print-directory", "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert re.search(r"no Python that works.*\n.*install Python 3\.12", done.stdout)


def test_a_step_says_its_seconds_and_nothing_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Step("Database") as step:
        step.note = "127.0.0.1:5432"
    with pytest.raises(ValueError, match="broken"), progress.Step("Other"):
        raise ValueError("broken")
    assert re.fullmatch(r"  ✓ Database  127\.0\.0\.1:5432  0\.0 s\n", capsys.readouterr().out)
