"""The two things that the receiver asks of the hub, over its REST API: a notification, and an event type for it."""

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from examples.github.translate import Message

# A webhook has ten seconds to be answered; forwarding one takes three requests at most.
TIMEOUT = 3.0
# Who is away is mailed at once. Who is connected is mailed when nothing was looked at for so many seconds.
MAIL_AFTER = {"github.security": 300, "github.reviews": 600}
MAIL_AFTER_OTHERS = 3_600


class HubError(Exception):
    """The hub is away, or did not take the notification; the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body`: the JSON object; `replayed`: the hub had answered this request before."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Hub:
    """`url`: where the hub is, such as http://127.0.0.1:8000; `key`: an API key for notifications and event types."""

    url: str
    key: str

    def forward(self, message: Message, *, delivery: str) -> Answer:
        """Post `message` once however often it is called with the same `delivery`. Raises HubError.

        The event type is made when the hub first hears of it: categories, ladders and preferences then apply to it, and
        what an operator changes about it later stays.
        """
        answer = self._notify(message, delivery)
        if _is_unknown_event(answer):
            self._make_event_type(message)
            answer = self._notify(message, delivery)
        return _accepted(answer)

    def _notify(self, message: Message, delivery: str) -> Answer:
        return self._ask("POST", "notifications", message.request(), {"Idempotency-Key": delivery})

    def _make_event_type(self, message: Message) -> None:
        _accepted(self._ask("PUT", f"event-types/{quote(message.event, safe='')}", event_type(message)))

    def _ask(self, method: str, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        request = Request(f"{self.url.rstrip('/')}/api/v1/{path}", json.dumps(body).encode(), method=method)  # noqa: S310
        for name, value in {**(headers or {}), "X-API-Key": self.key, "Content-Type": "application/json"}.items():
            request.add_header(name, value)
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                return Answer(answer.status, _object(answer.read()), answer.headers["Idempotent-Replayed"] == "true")
        except HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, _object(refusal.read()))
        except (OSError, HTTPException) as error:
            raise HubError(f"the hub can't be reached: {error}") from error


def event_type(message: Message) -> dict[str, Any]:
    """How a kind of event is told: on the screen at once, and by email to who is away or did not look."""
    after = MAIL_AFTER.get(message.category, MAIL_AFTER_OTHERS)
    name = message.event.removeprefix("github.").replace("_", " ").replace(".", ": ")
    return {
        "name": f"GitHub {name}",
        "category": message.category,
        "ladder": [{"channel": "email", "after": after, "unless": "seen"}],
    }


def _accepted(answer: Answer) -> Answer:
    if not 200 <= answer.status < 300:
        raise HubError(f"the hub answered {answer.status}: {answer.body.get('detail', 'no detail')}")
    return answer


def _is_unknown_event(answer: Answer) -> bool:
    errors = answer.body.get("errors") or []
    return answer.status == 422 and any(e.get("field") == "event" and e.get("code") == "not_found" for e in errors)


def _object(body: bytes) -> dict[str, Any]:
    """A JSON object; whatever else answered in the hub's place is none of it."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
