"""Free loopback ports, remembered from one run to the next."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def remembered_port(file: Path) -> tuple[int, int | None]:
    """The port to use, and the remembered one that had to be given up because somebody has taken it since (or None)."""
    before = read_port(file)
    if before and is_free(before):
        return before, None
    port = free_port()
    file.write_text(f"{port}\n")
    return port, before


def read_port(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
