"""`python -m project.stack run`, and one clear line for whatever stands in its way."""

import errno
import sys
from pathlib import Path

from project.progress import fail
from project.stack.errors import StackError
from project.stack.run import run
from project.stack.settings import ROOT

FILE_TROUBLE = {
    errno.ENOSPC: ("the disk is full", "free some space and run it again: nothing is lost"),
    errno.EDQUOT: ("your disk quota is used up", "free some space and run it again: nothing is lost"),
    errno.EROFS: ("the checkout is on a read-only file system", "copy it to where you can write"),
    errno.EACCES: ("{file} belongs to another user", "run as that user, or: sudo chown -R $(id -u) .hub"),
}
FILE_TROUBLE[errno.EPERM] = FILE_TROUBLE[errno.EACCES]


def main(words: list[str], folder: Path = ROOT / ".hub") -> int:
    if words != ["run"]:
        print("usage: python -m project.stack run", file=sys.stderr)
        return 2
    try:
        run(folder)
    except StackError as error:
        fail(str(error), error.way_out)
    except OSError as error:
        if error.errno not in FILE_TROUBLE:
            raise
        line, way_out = FILE_TROUBLE[error.errno]
        fail(line.format(file=error.filename), way_out)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
