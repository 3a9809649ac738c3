"""The outbox page: a small ASGI application over what was kept.

GET /                     every channel beside the others, newest first
GET /push|email|sms|chat  one of them (`?before=<id>` for older ones)
GET /rows?after=<id>      what is newer, for the page's own refresh
GET /mail/<id>            one mail     GET /mail/<id>/shown|raw   what its reader sees, its source
GET /message/<id>         one message  GET /message/<id>/shown    the same of a mail that came by an API
GET /api/messages         every mail kept, newest first, as JSON (`?limit=`, `?to=`)
GET /api/outbox           every message of every channel, newest first, as JSON (`?limit=`, `?channel=`)
POST /message/<id>/tell   have the hub told what became of one (`?fate=bounce`), as its provider tells it; from this page alone
GET /told                 what the hub was told of the newest, as JSON
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from project.stack.mailbox import page
from project.stack.mailbox.outbox import Entry, Outbox
from project.stack.mailbox.store import KEPT, Mail
from project.stack.mailbox.telling import Telling

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
ASSETS = {file.name: file.read_bytes() for file in Path(__file__).with_name("assets").iterdir() if file.suffix in TYPES}
OUR_HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
PAGE_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"  # noqa: E501
# A mail's own HTML: no script, no network, no access to the page around it. Links open in a tab of their own.
MAIL_POLICY = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"  # noqa: E501

SHOWN_AT_ONCE = 50  # messages whose fate is looked at again and again

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

    def __init__(self, outbox: Outbox, *, telling: Telling | None = None, any_host: bool = False) -> None:
        self.outbox, self.store, self.telling, self.any_host = outbox, outbox.mails, telling, any_host

    async def __call__(self, scope: MutableMapping[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._forbidden(scope) or (
            await self._tell(scope) if scope["method"] == "POST" else self._answer(scope)
        )
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

    def _forbidden(self, scope: MutableMapping[str, Any]) -> Answer | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"")
        if not self.any_host and not OUR_HOST.fullmatch(host):
            return Answer(b"This page answers to 127.0.0.1 and localhost only.\n", "text/plain", 403)
        if scope["method"] == "POST" and headers.get(b"origin") != b"http://" + host:
            return Answer(b"Only this page itself may ask for that.\n", "text/plain", 403)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return Answer(b"This page can only be read.\n", "text/plain", 405)
        return None

    async def _tell(self, scope: MutableMapping[str, Any]) -> Answer:
        match path_of(scope):
            case ["message", entry_id, "tell"] if self.telling and (entry := self.outbox.get(entry_id)):
                fate = query_of(scope).get("fate", "")
                if fate in entry.fates:
                    return as_answer({"status": await self.telling.tell(entry, fate)})
        return html(page.not_found_page(), status=404)

    def _answer(self, scope: MutableMapping[str, Any]) -> Answer:
        return self._route(path_of(scope), query_of(scope))

    def _route(self, path: list[str], query: dict[str, str]) -> Answer:
        match path:
            case [""]:
                return html(page.board(self.outbox))
            case [channel] if channel in page.COLUMNS:
                return html(page.channel_page(self.outbox, channel, query.get("before", "")))
            case ["rows"]:
                return html(page.rows(self.outbox.newest(page.PAGE_SIZE, after=query.get("after", ""))))
            case ["api", "messages"]:
                return self._messages(query)
            case ["told"]:
                newest = self.outbox.newest(SHOWN_AT_ONCE)
                return as_answer({one.id: one.told for one in newest if isinstance(one, Entry) and one.told})
            case ["api", "outbox"]:
                return self._everything(query)
            case ["mail", mail_id, *view] if mail := self.store.get(mail_id):
                return self._mail(mail, view)
            case ["message", entry_id, *view] if entry := self.outbox.get(entry_id):
                return self._message(entry, view)
            case ["assets", name] if name in ASSETS:
                return Answer(ASSETS[name], TYPES[Path(name).suffix])
        return html(page.not_found_page(), status=404)

    def _messages(self, query: dict[str, str]) -> Answer:
        found = [as_json(mail) for mail in self.store.newest(KEPT) if "to" not in query or query["to"] in mail.to]
        return as_answer({"total": len(self.store), "messages": found[: limit_in(query)]})

    def _everything(self, query: dict[str, str]) -> Answer:
        found = self.outbox.newest(limit_in(query), channel=query.get("channel", ""))
        return as_answer({"messages": [as_json(one) if isinstance(one, Mail) else entry_json(one) for one in found]})

    def _mail(self, mail: Mail, view: list[str]) -> Answer:
        if view == []:
            return html(page.mail_page(mail, self.store.message(mail)))
        if view == ["raw"]:
            return Answer(self.store.raw(mail), "text/plain; charset=utf-8")
        if view == ["shown"]:
            message = self.store.message(mail)
            return sandboxed(page.part_text(message, "html"), page.part_text(message, "plain") or "")
        return html(page.not_found_page(), status=404)

    def _message(self, entry: Entry, view: list[str]) -> Answer:
        if view == []:
            return html(page.message_page(entry))
        if view == ["shown"] and entry.channel == "email":
            return sandboxed(entry.message.html or None, entry.message.body)
        return html(page.not_found_page(), status=404)


def path_of(scope: MutableMapping[str, Any]) -> list[str]:
    return str(scope["path"]).strip("/").split("/")


def query_of(scope: MutableMapping[str, Any]) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}


def html(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(errors="replace"), status=status)


def sandboxed(markup: str | None, text: str) -> Answer:
    """A mail as its reader sees it: its own HTML where it has any, else its text."""
    shown = page.plain(text) if markup is None else f'<base target="_blank">{markup}'
    return Answer(shown.encode(errors="replace"), policy=MAIL_POLICY)


def as_answer(content: object) -> Answer:
    return Answer(json.dumps(content).encode(), "application/json")


def limit_in(query: dict[str, str]) -> int:
    return int(query["limit"]) if query.get("limit", "").isdecimal() else KEPT


def entry_json(entry: Entry) -> dict[str, object]:
    message = entry.message
    facts = {"id": entry.id, "channel": entry.channel, "provider": message.provider, "to": [message.to]}
    said = {"from": message.sender, "title": message.title, "body": message.body, "badge": message.badge}
    return {**facts, **said, "withdraws": entry.withdraws, "withdrawn": entry.withdrawn, "told": entry.told}


def as_json(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.id,
        "channel": "email",
        "provider": "smtp",
        "to": list(mail.to),
        "from": mail.sender,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "received_at": mail.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
