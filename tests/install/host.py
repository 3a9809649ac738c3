"""A Django project of somebody else's: the wheel in an empty folder, `startproject`, and the lines of docs/install.md."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from project.stack.child import Child, Command
from project.stack.ports import LOOPBACK, free_port
from tests.bench.broken import ROOT, copy_tree

MANAGE = "from django.core.management import call_command as manage"
SANSIO = (
    "--ws",
    "websockets-sansio",
    "--ws-max-size",
    "65536",
    "--ws-per-message-deflate",
    "false",
    "--log-level",
    "warning",
)
ADMIN = {"username": "ada", "password": "only-for-tests"}
# what the host has of its own: a database, a place for mail, and where its view is
OWN_SETTINGS = """
import environ
DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / "mail"
LOGIN_URL = "/admin/login/"
"""
OWN_URLS = """
from mysite.views import order
urlpatterns = [path("order/", order), *urlpatterns]
"""


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, made in the copy `folder/tree`: what setuptools leaves in `build/` would be in the next one."""
    tree = folder / "tree"
    copy_tree(tree)
    if (ROOT / "frontend-sdk" / "dist").is_dir():
        shutil.copytree(ROOT / "frontend-sdk" / "dist", tree / "frontend-sdk" / "dist", dirs_exist_ok=True)
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "wheel")], tree)
    (wheel,) = (folder / "wheel").glob("*.whl")
    return wheel


def documented_lines() -> dict[str, str]:
    """The Python blocks of docs/install.md that begin with the name of the file they belong to."""
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", (ROOT / "docs" / "install.md").read_text(), re.DOTALL)
    return dict(blocks)


class Host:
    """A project in `folder` with an ASGI server, and a worker without Celery when asked for."""

    def __init__(self, folder: Path, wheel: Path, *, database_url: str, redis_url: str) -> None:
        self.folder = folder / "mysite"
        self.site = folder / "site"
        self.logs = folder / "logs"
        self.url = f"http://{LOOPBACK}:{free_port()}"
        self.environment = {
            "PYTHONPATH": str(self.site),
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DJANGO_SUPERUSER_PASSWORD": ADMIN["password"],
        }
        self._cookies = CookieJar()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self._children: list[Child] = []
        _run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", self.site, wheel])
        self._make_project()

    def _make_project(self) -> None:
        self.folder.mkdir()
        _run([sys.executable, "-m", "django", "startproject", "mysite", "."], self.folder)
        lines = documented_lines()
        for name, own in (("settings.py", OWN_SETTINGS), ("urls.py", OWN_URLS), ("asgi.py", ""), ("views.py", "")):
            with (self.folder / "mysite" / name).open("a") as file:
                file.write(lines[name] + own)

    def run(self, script: str) -> str:
        """Run Python in the project, in one process for many commands; what it printed. Raises with that if it fails."""
        words = [sys.executable, "-c", f"import django; django.setup(); {MANAGE}\n{script}"]
        return _run(words, self.folder, self.environment)

    def start(self) -> None:
        """Migrate, make an administrator, and serve."""
        self.run(
            "manage('migrate', verbosity=0)\n"
            f"manage('createsuperuser', interactive=False, username={ADMIN['username']!r}, email='ada@example.com')"
        )
        host, _, port = self.url.removeprefix("http://").partition(":")
        self._spawn("web", "-m", "uvicorn", "mysite.asgi:application", "--host", host, "--port", port, *SANSIO)
        deadline = time.monotonic() + 30
        while not self._answers():
            web = self._children[0]
            assert web.running and time.monotonic() < deadline, web.last_lines(20)  # noqa: PT018
            time.sleep(0.05)

    def start_worker(self) -> None:
        self._spawn("worker", "manage.py", "hub_worker")

    def stop(self) -> None:
        for child in self._children:
            child.stop()

    def log_in(self) -> None:
        """By the host's own form; the browser keeps the session."""
        self.get("/admin/login/")
        fields = {**ADMIN, "csrfmiddlewaretoken": self._cookie("csrftoken"), "next": "/admin/"}
        status, _ = self.get("/admin/login/?next=/admin/", urlencode(fields).encode())
        assert status == 200 and self._cookie("sessionid")  # noqa: PT018

    def get(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        """Status and text; POST when there is a body."""
        request = urllib.request.Request(f"{self.url}{path}", body, {"Referer": self.url})
        try:
            with self._browser.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def inbox(self) -> dict[str, Any]:
        """The user's own, by their session."""
        found: dict[str, Any] = json.loads(self.get("/api/v1/inbox")[1])
        return found

    @property
    def socket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/api/v1/ws"

    @property
    def socket_headers(self) -> dict[str, str]:
        """What a browser sends with a socket of the host's own page."""
        return {"Cookie": f"sessionid={self._cookie('sessionid')}", "Origin": self.url}

    def _cookie(self, name: str) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == name)

    def _answers(self) -> bool:
        try:
            return self.get("/admin/login/")[0] == 200
        except OSError:
            return False

    def _spawn(self, name: str, *words: str) -> None:
        child = Child(
            Command(name=name, argv=[sys.executable, *words], environment=self.environment, folder=self.folder),
            self.logs,
        )
        child.start()
        self._children.append(child)


@contextmanager
def running_host(folder: Path, wheel: Path, *, database_url: str, redis_url: str) -> Iterator[Host]:
    """A host that serves, its administrator logged in."""
    host = Host(folder, wheel, database_url=database_url, redis_url=redis_url)
    try:
        host.start()
        host.log_in()
        yield host
    finally:
        host.stop()


def _run(words: list[Any], folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=clean | {"PYTHONUNBUFFERED": "1"} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{words[1:4]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout + done.stderr
