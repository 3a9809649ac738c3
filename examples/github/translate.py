"""From a GitHub webhook to a notification: pure functions, one table, and a fallback for events that it does not know.

Payloads: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from examples.github import people
from examples.github.families import FAMILIES, PAST, PHRASES, WRITING, Family
from examples.github.payload import Payload, complete, dig, fill, is_link, one_line, shorten, storable, text_at

MAX_TITLE, MAX_BODY, MAX_GROUP, MAX_TAG, MAX_EVENT = 200, 2_000, 200, 100, 100
# Where to go when the thing itself has no page.
PAGES = (
    "{issue.html_url}",
    "{pull_request.html_url}",
    "{repository.html_url}",
    "https://github.com/{repository.full_name}",
    "https://github.com/{organization.login}",
    "{sender.html_url}",
)
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9._:-]+")
_NOT_A_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Message:
    """One notification, ready to be sent. `title`: one line of at most 200 characters; `action_url`: https;
    `recipients`: logins in lower case, which are the hub's subscriber ids."""

    event: str
    category: str
    title: str
    body: str
    action_url: str
    actor: dict[str, str] | None
    tags: tuple[str, ...]
    group_key: str
    recipients: tuple[str, ...]

    def request(self) -> dict[str, Any]:
        """The body of `POST /notifications`. Always the same for the same payload, so a redelivery changes nothing."""
        fields = {name: value for name, value in asdict(self).items() if name not in ("category", "recipients")}
        return {"to": list(self.recipients), **fields}


def translate(event: str, payload: Payload) -> Message:
    """`event`: the X-GitHub-Event header; `payload`: the body of the webhook."""
    family = FAMILIES.get(event) or _unknown(event)
    deed = _deed(payload)
    text = _text(family, deed, payload)
    return Message(
        event=_key("github", event, text_at(payload, "action")),
        category=f"github.{family.category}",
        title=_title(event, family, deed, payload),
        body=shorten(text, MAX_BODY),
        action_url=_link(family, payload),
        actor=people.actor(payload),
        tags=_tags(event, payload),
        group_key=_group(event, payload),
        recipients=people.recipients(payload, text),
    )


def _unknown(event: str) -> Family:
    """A family for an event that is not in the table: named after itself, about the object that bears its name."""
    name = _NOT_A_WORD.sub("_", event)
    thing = name.replace("_", " ")
    return Family("other", name, f'{thing} "{{{name}.title|{name}.name}}"', did=f"triggered {thing}")


def _deed(payload: Payload) -> str:
    """The action; for a push its flag, and for a pull request whether closing it merged it."""
    action = text_at(payload, "action")
    if action == "closed" and dig(payload, "pull_request.merged") is True:
        return "merged"
    return action or next((flag for flag in ("deleted", "created", "forced") if payload.get(flag) is True), "")


def _title(event: str, family: Family, deed: str, payload: Payload) -> str:
    words = PAST.get(deed, deed).replace("_", " ")
    phrase = PHRASES.get(f"{event}.{deed}") or PHRASES.get(deed) or (family.did if not deed else "") or "{deed} {thing}"
    sentence = (family.says or f"{{who}} {phrase}{{place}}").replace("{thing}", family.thing)
    place = text_at(payload, "repository.full_name|organization.login")
    names = {
        "who": text_at(payload, "sender.login") or "GitHub",
        "deed": words,
        "state": _state(family, payload),
        "place": f" in {place}" if place and place not in fill(sentence, payload) else "",
    }
    return one_line(fill(sentence, {**payload, **names}), MAX_TITLE)


def _text(family: Family, deed: str, payload: Payload) -> str:
    """What was written by this event, whole: who is mentioned at its end hears of it too."""
    wrote = family.says or deed in WRITING
    return storable(text_at(payload, family.text, "\n")).strip() if wrote else ""


def _state(family: Family, payload: Payload) -> str:
    """How it ended, else where it is: "success", "in progress"."""
    about = family.about
    return text_at(payload, f"{about}.conclusion|{about}.state|{about}.status|state").replace("_", " ")


def _link(family: Family, payload: Payload) -> str:
    """The nearest page: the thing's own, that of its issue or pull request, its repository, its owner."""
    candidates = (complete(template, payload) for template in (family.link, f"{{{family.about}.html_url}}", *PAGES))
    return next((url for url in candidates if is_link(url)), "https://github.com/")


def _tags(event: str, payload: Payload) -> tuple[str, ...]:
    tags = ("github", event, text_at(payload, "repository.full_name|organization.login"))
    return tuple(one_line(tag, MAX_TAG) for tag in tags if tag)


def _group(event: str, payload: Payload) -> str:
    """What belongs together: everything about one issue, pull request or discussion; else a family in a repository."""
    place = text_at(payload, "repository.full_name|organization.login")
    number = text_at(payload, "issue.number|pull_request.number|discussion.number")
    subject = f"{place}#{number}" if number else ":".join(part for part in (place, event) if part)
    return one_line(f"github:{subject}", MAX_GROUP)


def _key(*parts: str) -> str:
    """An event type's key: letters, digits and `._:-`."""
    return _NOT_IN_A_KEY.sub("-", ".".join(part for part in parts if part))[:MAX_EVENT]
