"""The HTTP side of the mail sink: a small ASGI application over the store.

GET /                     the list, newest first (`?before=<id>` for older ones)
GET /rows?after=<id>      the list's rows that are newer, for the page's own refresh
GET /mail/<id>            one mail          GET /mail/<id>/html|raw   its HTML part, its source
GET /api/messages         every mail kept, newest first, as JSON (`?limit=`, `?to=`)
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from project.stack.mailbox import page
from project.stack.mailbox.store import KEPT, Mail, MailStore

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
ASSETS = {file.name: file.read_bytes() for file in Path(__file__).with_name("assets").iterdir() if file.suffix in TYPES}
PAGE_SIZE = 1_000  # mails on one page
OUR_HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
PAGE_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"  # noqa: E501
# A mail's own HTML: no script, no network, no access to the page around it. Links open in a tab of their own.
MAIL_POLICY = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"  # noqa: E501

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    body: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200
    policy: str = PAGE_POLICY


class MailboxPage:
    """`any_host=False` answers only requests that were made to a loopback name, so that no web page elsewhere can read
    the mails by pointing its own name at 127.0.0.1."""

    def __init__(self, store: MailStore, *, any_host: bool = False) -> None:
        self.store, self.any_host = store, any_host

    async def __call__(self, scope: MutableMapping[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        headers = {
            "content-type": answer.type,
            "content-length": str(len(answer.body)),
            "content-security-policy": answer.policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def _answer(self, scope: MutableMapping[str, Any]) -> Answer:
        host = dict(scope["headers"]).get(b"host", b"")
        if not self.any_host and not OUR_HOST.fullmatch(host):
            return Answer(b"This page answers to 127.0.0.1 and localhost only.\n", "text/plain", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return Answer(b"This page can only be read.\n", "text/plain", 405)
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        return self._route(scope["path"].strip("/").split("/"), query)

    def _route(self, path: list[str], query: dict[str, str]) -> Answer:
        match path:
            case [""]:
                return self._list(query.get("before", ""))
            case ["rows"]:
                return html(page.rows(self.store.newest(PAGE_SIZE, after=query.get("after", ""))))
            case ["api", "messages"]:
                return self._messages(query)
            case ["mail", mail_id, *view] if mail := self.store.get(mail_id):
                return self._mail(mail, view)
            case ["assets", name] if name in ASSETS:
                return Answer(ASSETS[name], TYPES[Path(name).suffix])
        return html(page.not_found_page(), status=404)

    def _list(self, before: str) -> Answer:
        mails = self.store.newest(PAGE_SIZE + 1, before=before)
        shown = mails[:PAGE_SIZE]
        older = shown[-1].id if len(mails) > PAGE_SIZE else ""
        return html(page.list_page(shown, total=len(self.store), older=older))

    def _messages(self, query: dict[str, str]) -> Answer:
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else KEPT
        found = [as_json(mail) for mail in self.store.newest(KEPT) if "to" not in query or query["to"] in mail.to]
        return Answer(json.dumps({"total": len(self.store), "messages": found[:limit]}).encode(), "application/json")

    def _mail(self, mail: Mail, view: list[str]) -> Answer:
        if view == []:
            return html(page.mail_page(mail, self.store.message(mail)))
        if view == ["raw"]:
            return Answer(self.store.raw(mail), "text/plain; charset=utf-8")
        markup = page.part_text(self.store.message(mail), "html") if view == ["html"] else None
        if markup is None:
            return html(page.not_found_page(), status=404)
        return Answer(f'<base target="_blank">{markup}'.encode(), policy=MAIL_POLICY)


def html(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(errors="replace"), status=status)


def as_json(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.id,
        "to": list(mail.to),
        "from": mail.sender,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "received_at": mail.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
