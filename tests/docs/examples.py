"""The fenced blocks of the documentation, and a shell that they run in.

Every `sh` and `python` block runs, unless the line above its fence says why not: `<!-- not run: the reason -->`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNABLE = {"sh", "python"}
SECONDS = 300.0

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+?) -->\n)?^ *```(?P<language>\S*)[^\n]*\n(?P<code>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
# Assignments last to the end of a page, as they do in a reader's terminal; an HTTP error ends it.
_SHELL = """
set -euo pipefail -o allexport
curl() {{ command curl --fail-with-body --silent --show-error --max-time 30 "$@"; }}
{code}
env -0 > "$EXAMPLE_STATE"
"""
_PYTHON = "{setup}exec(compile(open({file!r}).read(), {name!r}, 'exec'))"
# what runs within a Django project; any other example starts in a fraction of the time
_OURS = re.compile(r"^(?:import|from) (?:hub|django)\b", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One block. `reason`: why it is not run, None if it is; `name`: where it stands."""

    name: str
    language: str
    code: str
    reason: str | None

    @property
    def runs(self) -> bool:
        return self.language in RUNNABLE and self.reason is None


def examples(page: Path) -> list[Example]:
    """The blocks of a page, in order."""
    text = page.read_text()
    return [
        Example(
            name=f"{page.name}:{text.count(chr(10), 0, found.start('code'))}",
            language=found["language"],
            code=found["code"],
            reason=found["reason"],
        )
        for found in _BLOCK.finditer(text)
    ]


class Terminal:
    """What a reader of one page has open: a folder, and variables that stay from one block to the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._state = folder / "state"
        self.environment = {
            **os.environ,
            **environment,
            "EXAMPLE_STATE": str(self._state),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, example: Example, code: str) -> str:
        """What it printed. Raises AssertionError with that when it fails."""
        command = self._shell(code) if example.language == "sh" else self._python(code, example.name)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{example.name} ended with {done.returncode}:\n{code}\n{done.stdout}"
        if example.language == "sh":
            pairs = (entry.partition("=") for entry in self._state.read_text().split("\0") if entry)
            self.environment = {name: value for name, _, value in pairs if not name.startswith("BASH_FUNC")}
        return done.stdout

    def _shell(self, code: str) -> list[str]:
        return ["bash", "-c", _SHELL.format(code=code)]

    def _python(self, code: str, name: str) -> list[str]:
        file = self.folder / "example.py"
        file.write_text(code)
        setup = "import django; django.setup(); " if _OURS.search(code) else ""
        return [sys.executable, "-c", _PYTHON.format(setup=setup, file=str(file), name=name)]
