"""The hub's own processes: the one place that knows their command lines (docker-compose.yml is tested against it).

Each is what follows `python` on its command line.
"""

from pathlib import Path

QUEUES = (
    *("push.high", "push.bulk", "email.high", "email.bulk", "sms.high", "sms.bulk", "chat.high", "chat.bulk"),
    *("hub.high", "hub.bulk", "hub.webhooks", "hub.sweep"),
)
# The largest frame a client may send is 16 KiB; 64 KiB lets a larger one be refused with a reason of our own.
MAX_FRAME_BYTES = 64 * 1024


def migrate() -> list[str]:
    return ["manage.py", "migrate", "--no-input", "--verbosity", "0"]


def demo(*, url: str, mailbox_url: str, output: Path) -> list[str]:
    return ["manage.py", "hub_demo", "--url", url, "--mailbox-url", mailbox_url, "--output", str(output)]


def web(*, host: str, port: int) -> list[str]:
    return [
        *("-m", "uvicorn", "project.asgi:application", "--host", host, "--port", str(port)),
        *("--ws", "websockets-sansio", "--ws-max-size", str(MAX_FRAME_BYTES), "--ws-per-message-deflate", "false"),
        *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"),
    ]


def web_for_development(*, host: str, port: int) -> list[str]:
    """Daphne, by Django's `runserver`, which reloads what was edited; it buffers without bound for slow readers."""
    return ["manage.py", "runserver", f"{host}:{port}"]


def worker() -> list[str]:
    return [
        *("-m", "celery", "-q", "-A", "project", "worker", "-Q", ",".join(QUEUES)),
        *("-l", "warning", "--without-gossip", "--without-mingle"),
    ]


def scheduler(*, schedule: Path) -> list[str]:
    return ["-m", "celery", "-q", "-A", "project", "beat", "-l", "warning", "-s", str(schedule)]


def mailbox(
    *,
    host: str,
    smtp_port: int,
    http_port: int,
    folder: Path,
    providers: tuple[int, int, Path] | None = None,
    demo: Path | None = None,
) -> list[str]:
    """`providers`: the ports of the emulators, over HTTP and of APNs, and the folder of their keys; None: mail alone. `demo`:
    the file that says where the hub is told what became of messages."""
    words = [
        *("-m", "project.stack.mailbox", "--host", host, "--smtp-port", str(smtp_port)),
        *("--http-port", str(http_port), "--folder", str(folder)),
    ]
    if providers:
        port, apns_port, keys = providers
        words += ["--providers-port", str(port), "--apns-port", str(apns_port), "--keys", str(keys)]
    if demo:
        words += ["--demo", str(demo)]
    return words
