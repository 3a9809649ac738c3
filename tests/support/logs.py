"""What was logged, to the last word."""

import pytest

# what stands in for others in the process of a test: what these log is theirs
OTHERS = ("project.emulators", "mail.", "tests.")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Each record with its message, its arguments, what it carries besides, and the text of its exception."""
    ours = [record for record in caplog.records if not record.name.startswith(OTHERS)]
    return [f"{record.getMessage()} {record.__dict__}" for record in ours]
