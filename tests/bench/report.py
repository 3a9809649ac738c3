"""What a benchmark or a fault check says: its figures, what it found wrong, and the machine that it ran on."""

import json
import os
import platform
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from project.progress import say, styled, symbols
from project.stack.postgres import find_programs


@dataclass(frozen=True)
class Options:
    """`short`: seconds instead of minutes, on services that don't fsync; the checks are the same."""

    short: bool = False


@dataclass
class Report:
    """Grows while a check works. `figures`: what was measured; `problems`: what should not have been seen; `crashed`:
    the check could not be carried out, so it says nothing."""

    name: str
    figures: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    crashed: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def passed(self) -> bool:
        return bool(self.figures) and not self.problems

    def progress(self, text: str) -> None:
        say(f"    {styled(f'{time.monotonic() - self.began:5.1f} s', '2')}  {text}")

    def figure(self, text: str) -> None:
        self.figures.append(text)

    def check(self, holds: bool, problem: str) -> None:
        """Note `problem` unless it `holds`."""
        if not holds:
            self.problems.append(problem)

    def show(self) -> None:
        tick, cross = symbols()
        verdict = styled(f"{tick} PASS", "32") if self.passed else styled(f"{cross} FAIL", "31")
        say(f"  {verdict}  {styled(self.name, '1')}  {time.monotonic() - self.began:.0f} s")
        for text in self.figures:
            say(f"      {text}")
        for text in self.problems:
            say(f"      {styled(cross, '31')} {text}")

    def write(self, file: Path) -> None:
        file.write_text(json.dumps({"name": self.name, "figures": self.figures, "problems": self.problems}))


@cache
def machine() -> str:
    """One line: cores, processor, Python, PostgreSQL."""
    postgres = subprocess.run([find_programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    version = postgres.stdout.split()[-1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores · {_processor()} · Python {platform.python_version()} · PostgreSQL {version}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def percentile(values: list[float], share: float) -> float:
    """The smallest of `values` that `share` of them don't exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
