"""Become another program that dies with its parent, and, as root, one that PostgreSQL accepts.

Run as a script (`python -I -S launch.py …`), never imported: what happens here must happen between fork and exec, where
Python code is unsafe in a process with threads. The pid stays the same throughout, so a signal sent to the child
reaches the real program.
"""

import argparse
import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
NO_SETUID_FIXUP = 1 << 2
CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    options = parse()
    become(options.run_as)
    die_with(options.parent, options.death_signal)
    os.execv(options.command[0], options.command)  # noqa: S606


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True, help="pid of the process to die with")
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--run-as", default="self", help="self, namespace:<uid> or user:<uid>:<gid>")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def become(run_as: str) -> None:
    way, *numbers = run_as.split(":")
    if way == "namespace":
        enter_user_namespace(int(numbers[0]))
    elif way == "user":
        become_user(int(numbers[0]), int(numbers[1]))


def enter_user_namespace(inside: int) -> None:
    """Stay root to the file system, but be the user `inside` to ourselves: PostgreSQL refuses uid 0, and needs a user
    that /etc/passwd knows."""
    outside_uid, outside_gid = os.getuid(), os.getgid()
    check(libc.unshare(CLONE_NEWUSER), "unshare")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{inside} {outside_uid} 1")
    write("/proc/self/gid_map", f"{inside} {outside_gid} 1")


def become_user(uid: int, gid: int) -> None:
    """Be an ordinary user who may still pass root's closed folders (a 0700 home), and nothing else of root's powers."""
    # Keeps capabilities over the change of user, and lets access(2), by which initdb looks for postgres, count them.
    check(libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0), "secure bits")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    bits = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
    check(libc.capset(header, effective_permitted_inheritable), "capset")
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0), "ambient capability")


def die_with(parent: int, death_signal: int) -> None:
    """Have the kernel send us `death_signal` when the parent goes, even by SIGKILL. After `become`, which clears it."""
    if sys.platform != "linux":
        return
    check(libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "parent death signal")
    if os.getppid() != parent:  # it went before we asked
        sys.exit(1)


def check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 - pathlib would double the start-up time of this script
        file.write(text)


if __name__ == "__main__":
    main()
