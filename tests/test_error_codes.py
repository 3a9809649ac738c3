"""docs/errors.md has every code that a caller can meet, with its status, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers import asgi
from hub.api import urls
from hub.api.problems import CODES
from hub.exceptions import HubError

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "errors.md"
# calls that name a code, and which of their arguments it is
PROBLEMS = {"hub": {"Refused": 0, "problem": 2}, "consumers": {"Error": 0}}
FIELDS = {
    package: {"InvalidRequest.on": 2, "FieldError": 1, "fields.wrong": 2, "self.wrong": 2} for package in PROBLEMS
}
PASSED_ON = {"code", "error.code", "e.code"}


def test_every_problem_code_is_on_the_page() -> None:
    assert urls.urlpatterns  # whatever can raise is imported
    assert asgi.with_live_edge
    raised = {kind.code: str(kind.status) for kind in _kinds(HubError)}
    raised |= {code: str(status) for status, code in CODES.items()}
    rows = _rows("Problems")
    assert set(rows) == _named(PROBLEMS) | set(raised)
    assert {code: rows[code] for code in raised} == raised


def test_every_field_code_is_on_the_page() -> None:
    assert set(_rows("Fields")) == _named(FIELDS) | {"invalid"}


@pytest.mark.parametrize("section", ["Problems", "Fields"])
def test_every_row_says_what_it_means_and_what_to_do(section: str) -> None:
    assert all(cell.strip() for row in _table(section) for cell in row)


def _rows(section: str) -> dict[str, str]:
    """Code → the cell after it, which is the status of a problem."""
    return {row[0].strip("` "): row[1].strip() for row in _table(section)}


def _table(section: str) -> list[list[str]]:
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]


def _kinds(kind: type[HubError]) -> Iterator[type[HubError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


def _named(calls: dict[str, dict[str, int]]) -> set[str]:
    """The codes that calls name. Each must name its code there and then, so that the page can be held to it."""
    codes = set()
    for package, places in calls.items():
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and (found := _argument(node, places)) is not None:
                    if ast.unparse(found) in PASSED_ON:
                        continue
                    literals = {n.value for n in ast.walk(found) if isinstance(n, ast.Constant)}
                    assert literals, f"{path}:{node.lineno} hides its code in {ast.unparse(found)}"
                    codes |= literals
    return codes


def _argument(call: ast.Call, places: dict[str, int]) -> ast.expr | None:
    """The code in a call, None if it is another call, or says none."""
    name = ast.unparse(call.func)
    if name not in places:
        return None
    by_name = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    return (by_name or [*call.args[places[name] : places[name] + 1], None])[0]
