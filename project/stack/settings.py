"""What `make run` is told by the environment, and what it tells its processes."""

import os
from dataclasses import dataclass
from pathlib import Path

from project.emulators.accounts import write_accounts
from project.stack.errors import StackError
from project.stack.ports import LOOPBACK, is_free, remembered_port
from project.stack.secret import kept_secret, write_private

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Options:
    """`database_url` and `redis_url` are those of outside services, or both empty for the embedded ones."""

    folder: Path
    port: int
    mailbox_port: int
    database_url: str
    redis_url: str
    broker_url: str

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.mailbox_port}/"

    @property
    def outside(self) -> bool:
        return bool(self.database_url)


def read_options(folder: Path) -> Options:
    environment = os.environ
    database_url, redis_url = environment.get("DATABASE_URL", ""), environment.get("REDIS_URL", "")
    if bool(database_url) != bool(redis_url):
        there, missing = ("DATABASE_URL", "REDIS_URL") if database_url else ("REDIS_URL", "DATABASE_URL")
        raise StackError(f"{there} is set, but {missing} is not", "set both for outside services, or neither")
    port, mailbox_port = port_from("HUB_PORT", 8000), port_from("HUB_MAILBOX_PORT", 8025)
    if port == mailbox_port:
        raise StackError(f"HUB_PORT and HUB_MAILBOX_PORT are both {port}", "give them different ports")
    broker_url = environment.get("CELERY_BROKER_URL", "") or redis_url
    return Options(folder, port, mailbox_port, database_url, redis_url, broker_url)


def port_from(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise StackError(f"{name}={text} is not a port", f"for example {name}={default} make run")
    port = int(text)
    if not is_free(port):
        other = next((near for near in range(port + 1, min(port + 100, 65536)) if is_free(near)), port + 1)
        raise StackError(f"port {port} is taken ({name})", f"{name}={other} make run")
    return port


def environment_for(options: Options, *, database_url: str, redis_url: str, broker_url: str) -> dict[str, str]:
    """What the processes get on top of our own environment, which wins where it already says something else."""
    smtp_port, _ = remembered_port(options.folder / "smtp-port")
    providers_port, _ = remembered_port(options.folder / "providers-port")
    apns_port, _ = remembered_port(options.folder / "apns-port")
    ports = {"port": providers_port, "apns_port": apns_port}
    # whoever names a mail server means it
    accounts = write_accounts(options.folder / "emulators", **ports, mail=not os.environ.get("EMAIL_URL"))
    chosen = {
        "HUB_SECRET_KEY": kept_secret(options.folder / "secret_key", size=48),
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp_port}",
        "HUB_DEMO": "1",
        "HUB_PUBLIC_URL": options.url,
        "HUB_DEMO_PROVIDERS": str(accounts),
        "HUB_OUTBOUND_EXEMPT": f"{LOOPBACK}:{providers_port},{LOOPBACK}:{apns_port}",
    }
    return {name: os.environ.get(name) or value for name, value in chosen.items()} | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": broker_url,
        "HUB_PORT": str(options.port),
        "HUB_MAILBOX_URL": options.mailbox_url,
        "HUB_SMTP_PORT": str(smtp_port),
        "HUB_PROVIDERS_PORT": str(providers_port),
        "HUB_EMULATORS_URL": f"http://{LOOPBACK}:{providers_port}",
        "HUB_APNS_PORT": str(apns_port),
    }


def write_services_env(folder: Path, environment: dict[str, str]) -> Path:
    """For `python manage.py …` in another terminal: project/settings.py reads it."""
    file = folder / "services.env"
    write_private(file, "".join(f"{name}={value}\n" for name, value in environment.items()))
    return file
