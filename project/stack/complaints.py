"""Reads along in a child's log and shows what is a warning or worse."""

import re
from pathlib import Path

from project.progress import say, styled

SHOWN_AT_ONCE = 5  # lines a look; a flood is left in the log
LEVEL = r"(?<!%)\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|\[(warning|error|critical) *\]|\"level\":\"(warning|error|critical)\""
RAISED = r"^(\w+\.)*[A-Z]\w*(Error|Exception|Exist)\b"  # the last line of a traceback
WORTH_SHOWING = re.compile(f"{LEVEL}|{RAISED}")
# Said at every start or stop, and nothing that anybody could act on.
KNOWN = re.compile(r"vm\.overcommit_memory|TCP backlog setting|the database system is|: /readyz")
LOG_LIMIT = 20 * 1024 * 1024  # bytes a log may grow to while its process runs; then it starts afresh
CHUNK = 256 * 1024


class Complaints:
    """Follows one log file from its present end."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._offset = self._size()

    def show(self, name: str) -> None:
        found = [line for line in self._new_lines() if WORTH_SHOWING.search(line) and not KNOWN.search(line)]
        for line in found[:SHOWN_AT_ONCE]:
            say(f"  {styled(name, '36')} {line[:400]}")
        if len(found) > SHOWN_AT_ONCE:
            say(f"  {styled(name, '36')} … and {len(found) - SHOWN_AT_ONCE} more lines in {self.log.name}")

    def _new_lines(self) -> list[str]:
        size = self._size()
        if size < self._offset:  # put aside and begun again
            self._offset = 0
        if size == self._offset:
            return []
        with self.log.open("rb") as file:
            file.seek(max(self._offset, size - CHUNK))
            whole_lines = file.read(CHUNK).rpartition(b"\n")[0]
            self._offset = max(self._offset, size - CHUNK) + len(whole_lines) + bool(whole_lines)
        self._limit(size)
        return whole_lines.decode(errors="replace").splitlines()

    def _limit(self, size: int) -> None:
        """Children append, so a log can be cut to nothing beneath them."""
        if size > LOG_LIMIT:
            with self.log.open("r+b") as file:
                file.truncate()
            self._offset = 0

    def _size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0
