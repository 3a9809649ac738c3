"""The emulators as a process of their own count what they take, answer as late as they are told, and end when asked."""

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path

from project.stack.ports import free_port
from tests.emulators.http import post
from tests.support.waiting import wait_until


def test_a_process_of_their_own(tmp_path: Path) -> None:
    port = free_port()
    words = ["--port", str(port), "--apns-port", str(free_port()), "--folder", str(tmp_path), "--late", "0.3"]
    process = subprocess.Popen([sys.executable, "-m", "project.emulators", *words])
    try:
        wait_until(lambda: counts(port) == {})
        started = time.monotonic()
        assert post(f"http://127.0.0.1:{port}/http_sms", form={"to": "+1", "text": "Hello"}).status == 200
        assert time.monotonic() - started >= 0.3
        assert counts(port) == {"http_sms": 1}
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def counts(port: int) -> dict[str, int] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/counts/")
        found: dict[str, int] = json.loads(connection.getresponse().read())
        return found
    except OSError:
        return None
    finally:
        connection.close()
