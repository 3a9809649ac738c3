"""What the stack says when it can't go on: one line, and a way out."""


class StackError(Exception):
    """A failure that the user can act on; `str()` is the line, `way_out` what to do about it ("" when nothing)."""

    def __init__(self, line: str, way_out: str = "") -> None:
        super().__init__(line)
        self.way_out = way_out
