"""As whom PostgreSQL is run: it refuses root, so root has to become somebody else without moving anything."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from project.stack.child import Command, launched
from project.stack.errors import StackError


def run_as_for(program: Path, data: Path) -> str:
    """The `--run-as` of launch.py under which `program` really starts here, tried by running it.

    Plain users are themselves. Root first tries a user namespace (no OS user, no chmod, works below a 0700 home), then,
    as containers often forbid those, an ordinary user who may pass closed folders. A data folder that already belongs
    to an ordinary user is run as that user.
    """
    if os.geteuid() != 0:
        return "self"
    for way in ways_for_root(data):
        if starts(program, way):
            return way
    raise StackError(
        "PostgreSQL refuses to run as root, and this machine forbids user namespaces and changing the user",
        "run `make run` as an ordinary user, or set DATABASE_URL and REDIS_URL to outside services",
    )


def ways_for_root(data: Path) -> Iterator[str]:
    owner = data.stat().st_uid if data.exists() else 0
    if owner != 0:
        yield f"user:{owner}:{data.stat().st_gid}"
        return
    yield f"namespace:{any_ordinary_user().pw_uid}"
    unprivileged = any_ordinary_user(preferred=("postgres", "nobody"))
    yield f"user:{unprivileged.pw_uid}:{unprivileged.pw_gid}"


def any_ordinary_user(preferred: tuple[str, ...] = ()) -> pwd.struct_passwd:
    """One of the `preferred`, else whoever comes first: PostgreSQL only asks that /etc/passwd names the uid."""
    users = [user for user in pwd.getpwall() if user.pw_uid != 0]
    if not users:
        raise StackError("PostgreSQL refuses to run as root, and there is no other user", "add one: `useradd hub`")
    return next((user for name in preferred for user in users if user.pw_name == name), users[0])


def starts(program: Path, way: str) -> bool:
    command = Command(name="probe", argv=[str(program), "--version"], run_as=way, stop_signals=(signal.SIGTERM,))
    probe = subprocess.run(launched(command), capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    return probe.returncode == 0


def give(folder: Path, run_as: str) -> None:
    """Make `folder` belong to the user that `run_as` stands for on the disk; in a namespace root stays the owner."""
    way, *numbers = run_as.split(":")
    if way == "user":
        os.chown(folder, int(numbers[0]), int(numbers[1]))
