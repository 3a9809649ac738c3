"""Text messages through any gateway that takes them over HTTP, described by settings."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import Configuration, Permanent
from deliveries.providers.headers import one_line
from deliveries.providers.http import FORM, JSON
from deliveries.providers.sms import SMS_SETTINGS, SmsProvider, digits
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_PLACE = re.compile(r"\{(to|digits|from|text|id)\}")
_USUAL_BODY = '{"to": "{to}", "from": "{from}", "text": "{text}", "id": "{id}"}'


class HttpSms(SmsProvider):
    """What goes out is `body`, a JSON text in whose strings `{to}`, `{digits}`, `{from}`, `{text}` and `{id}` are filled in
    after it was read: whatever they hold stays inside its string."""

    settings = (
        Setting("url", "The gateway's address.", type="url"),
        Setting("method", "The method; POST if it isn't given.", required=False, choices=("POST", "PUT", "GET")),
        Setting("headers", "Headers, credentials included.", type="object", secret=True, required=False),
        Setting("format", "How `body` is sent.", required=False, choices=("json", "form", "query")),
        Setting(
            "body", "What is sent, as JSON; {to}, {digits}, {from}, {text} and {id} are filled in.", required=False
        ),
        Setting("success", "Statuses of a success, such as 200,202; any 2xx if it isn't given.", required=False),
        Setting("message_id", "Where the answer has the message's id, such as messages.0.id.", required=False),
        *SMS_SETTINGS,
    )

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url, self._format = self.needed("url"), self.config.get("format") or "json"
        try:
            self._headers = {name: one_line(name, value) for name, value in (self.config.get("headers") or {}).items()}
            self._form = _divided(orjson.loads(self.config.get("body") or _USUAL_BODY))
            self._success = {int(status) for status in (self.config.get("success") or "").split(",") if status.strip()}
        except (ValueError, Permanent) as error:
            raise Configuration("settings", "`body` must be JSON, `success` numbers, each header a line") from error
        if self._format != "json" and not isinstance(self._form, dict):
            raise Configuration("settings", "`body` must be an object to be sent as a form or in the query")

    async def deliver(self, work: Work) -> Sent:
        values = {"to": work.address, "digits": digits(work.address), "from": self.sender(work)}
        content = _filled(self._form, values | {"text": self.text(work), "id": work.message_id})
        answer = await self._sent(content)
        if self._success and answer.status not in self._success:
            raise self.refused(answer)
        return Sent(_at(fields_of(answer), self.config.get("message_id") or "id"), str(answer.status))

    async def _sent(self, content: Any) -> Answer:
        method = self.config.get("method") or "POST"
        if self._format == "json":
            return await self.call(method, self._url, headers=JSON | self._headers, body=orjson.dumps(content))
        fields = urlencode(content)
        if self._format == "form":
            return await self.call(method, self._url, headers=FORM | self._headers, body=fields.encode())
        separator = "&" if "?" in self._url else "?"
        return await self.call(method, f"{self._url}{separator}{fields}", headers=self._headers, body=None)


def _divided(body: Any) -> Any:
    """`body` with a tuple for each string: its text, and every second one the name of a place."""
    if isinstance(body, str):
        return tuple(_PLACE.split(body))
    if isinstance(body, dict):
        return {name: _divided(one) for name, one in body.items()}
    return [_divided(one) for one in body] if isinstance(body, list) else body


def _filled(form: Any, values: Mapping[str, str]) -> Any:
    """What `_divided` was given, with its places filled in."""
    if isinstance(form, tuple):
        return "".join([values[part] if n % 2 else part for n, part in enumerate(form)])
    if isinstance(form, dict):
        return {name: _filled(one, values) for name, one in form.items()}
    return [_filled(one, values) for one in form] if isinstance(form, list) else form


def _at(answer: Any, path: str) -> str:
    """The text or number at a path such as `messages.0.id`; empty where there is none."""
    for step in path.split("."):
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return ""
    return str(answer) if isinstance(answer, str | int) else ""
