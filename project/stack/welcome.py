"""What `make run` ends its start with: where to look, and one line to try."""

import json
import os
from pathlib import Path

from project.progress import say, styled
from project.stack.settings import Options


def welcome(options: Options) -> None:
    file = options.folder / "demo.json"
    about = json.loads(file.read_text())
    places = [
        ("Demo", f"{options.url}/demo/", "two users side by side"),
        ("Outbox", options.mailbox_url, "what every channel would have sent"),
        ("API", f"{options.url}/api/v1/docs", f"keys, tokens and passwords: {short(file)}"),
        ("Admin", f"{options.url}/admin/", f"as {about['admin']['username']}"),
    ]
    say()
    say(f"  {styled('The hub is running.', '1')}")
    say()
    for name, address, remark in places:
        say(f"    {name:<9}{styled(f'{address:<35}', '36')}{styled(remark, '2')}")
    say()
    say("  Ring the bell:")
    say()
    for line in example(options.url, key=about["api_key"], subscriber=about["users"][0]["id"]):
        say(f"    {line}")
    say()
    say(f"  Logs: {short(options.folder / 'logs')}. Ctrl-C stops everything; the data stays.")
    say()


def example(url: str, *, key: str, subscriber: str) -> list[str]:
    body = json.dumps({"to": subscriber, "title": "Hello", "body": "It works."})
    return [
        f"curl {url}/api/v1/notifications \\",
        f"  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\",
        f"  -d '{body}'",
    ]


def short(path: Path) -> str:
    """The path as the user would type it from here."""
    return os.path.relpath(path)
