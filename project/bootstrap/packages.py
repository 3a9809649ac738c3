"""The virtual environment, filled with exactly what a lock file names, hashes checked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from project.bootstrap.pythons import allowed_versions, find_python, version_of
from project.bootstrap.shell import ROOT, VENV, CommandError, run
from project.progress import Step

UV = "uv==0.13.8"
PYTHON = VENV / "bin" / "python"
PIP_INSTALL = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
STAMP = VENV / "installed-locks"  # `<kind> <digest of run.lock> <digest of dev.lock>`


def install(kind: str) -> None:
    """Have everything of requirements/<kind>.lock in .venv; `dev` holds all of `run`, and is kept once it is there."""
    if not venv_works():
        make_venv()
    if not installed(kind):
        kind = "dev" if STAMP.exists() and STAMP.read_text().startswith("dev") else kind
        with Step("Python packages", "a minute or so, the first time"):
            fill_venv(kind)
        STAMP.write_text(stamp_of(kind))


def venv_works() -> bool:
    return STAMP.parent.exists() and version_of(PYTHON) in allowed_versions()


def make_venv() -> None:
    with Step("Python") as step:
        python = find_python()
        step.note = python
        shutil.rmtree(str(VENV), ignore_errors=True)
        run([python, "-m", "venv", VENV])


def installed(kind: str) -> bool:
    if not STAMP.exists():
        return False
    there, wanted = STAMP.read_text().split(), stamp_of(kind).split()
    return there[1] == wanted[1] if kind == "run" else there == wanted


def stamp_of(kind: str) -> str:
    return " ".join([kind, digest("run"), digest("dev")])


def digest(kind: str) -> str:
    return hashlib.sha256(lock_file(kind).read_bytes()).hexdigest()


def lock_file(kind: str) -> Path:
    return ROOT / "requirements" / f"{kind}.lock"


def fill_venv(kind: str) -> None:
    """By uv, which is fast; by pip where uv can't be had or finds no index (it reads no pip.conf).

    Nothing is compiled ahead: most of it is never imported, and whoever imports the rest first compiles it.
    """
    with contextlib.suppress(FileNotFoundError):
        STAMP.unlink()
    try:
        run([*PIP_INSTALL, UV])
        sync = [str(VENV / "bin" / "uv"), "pip", "sync", "--quiet", "--require-hashes"]
        run([*sync, str(lock_file(kind))], uv_environment())
    except CommandError:
        run([*PIP_INSTALL, "--retries", "2", "--no-compile", "--require-hashes", "-r", lock_file(kind)])


def uv_environment() -> dict[str, str]:
    # The machine's own certificates, as pip has them: behind a proxy that reads along, those that uv brings fit nothing.
    environment = {"VIRTUAL_ENV": str(VENV), "UV_SYSTEM_CERTS": "true"}
    if "PIP_INDEX_URL" in os.environ:
        environment["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    return environment
