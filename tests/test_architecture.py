"""The house: imports run one way, no import hides in a function, and the ways out of the domain are named in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("project", "hub", "consumers", "deliveries", "examples", "tests")
# who may import whom
ALLOWED = {
    "hub": {"hub"},
    "consumers": {"consumers", "hub"},
    "deliveries": {"deliveries", "hub"},
    "project": {"project", "hub", "consumers", "deliveries"},
    "examples": {"examples"},
}
# Django calls these when it is ready to import models, and no earlier.
LATE = {("hub/apps.py", "ready"), ("deliveries/apps.py", "ready"), ("consumers/apps.py", "ready")}


def sources(package: str) -> list[Path]:
    return [p for p in sorted((ROOT / package).rglob("*.py")) if not p.name.startswith(("test_", "conftest"))]


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node, node.module


def ours(name: str) -> str | None:
    top = name.split(".")[0]
    return top if top in OURS else None


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(package)
        for _, name in imported(ast.parse(path.read_text()))
        if (top := ours(name)) and top not in ALLOWED[package]
    ]
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_no_project_import_hides_in_a_function(package: str) -> None:
    wrong = []
    for path in sources(package):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                where = str(path.relative_to(ROOT))
                hidden = [name for _, name in imported(function) if ours(name)]
                if hidden and (where, function.name) not in LATE:
                    wrong.append(f"{where}:{function.name}: {hidden}")
    assert not wrong


def test_policy_is_pure() -> None:
    wrong = [
        f"{path.name}: {name}"
        for path in sources("hub/policy")
        for _, name in imported(ast.parse(path.read_text()))
        if name.split(".")[0] in ("django", "time", "redis", "celery")
        or (ours(name) and not name.startswith("hub.policy"))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("call", "place"), [("group_send", "hub/live.py"), ("send_task", "hub/wake.py"), ("group_send_many", "hub/live.py")]
)
def test_each_way_out_of_the_domain_is_in_one_place(call: str, place: str) -> None:
    users = [str(path.relative_to(ROOT)) for path in sources("hub") if call in path.read_text()]
    assert users == [place]


def test_every_file_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in ALLOWED
        for path in sources(package)
        if path.read_text().strip()
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent
