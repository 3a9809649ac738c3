"""Who did it, and who ought to hear of it."""

import re
from collections.abc import Iterator
from typing import Any

from examples.github.payload import Payload, dig, is_link, one_line, text_at

# Where payloads keep the people that an event concerns; a path may lead to one person or to a list.
CONCERNED = (
    "assignee",
    "requested_reviewer",
    "reviewers.reviewer",
    "member",
    "membership.user",
    "user",
    "requester",
    "sponsorship.sponsorable",
    "issue.user",
    "issue.assignees",
    "pull_request.user",
    "pull_request.assignees",
    "pull_request.requested_reviewers",
    "discussion.user",
    "comment.user",
    "review.user",
    "commit.author",
    "deployment.creator",
    "workflow_run.actor",
    "installation.account",
    "repository.owner",
)
MAX_PEOPLE = 50
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_CODE = re.compile(r"```.*?(```|\Z)|`[^`\n]*`", re.DOTALL)
# A login, but neither an address (a@b.example) nor a team (@organisation/team).
_MENTION = re.compile(r"(?<![\w@/.`-])@([A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?)(?![\w/@[-])")


def actor(payload: Payload) -> dict[str, str] | None:
    """The sender as the hub's `actor`; None where GitHub itself speaks."""
    login = one_line(text_at(payload, "sender.login"), 100)
    if not login:
        return None
    avatar = text_at(payload, "sender.avatar_url")
    shown = {"id": login.lower(), "name": login}
    return shown | {"avatar_url": avatar} if is_link(avatar) else shown


def recipients(payload: Payload, text: str) -> tuple[str, ...]:
    """Logins in lower case, sorted: everybody concerned or mentioned in `text`, but not who did it.

    With nobody else left it is the sender, or else the account that owns it all; empty if there is no such account.
    """
    sender = text_at(payload, "sender.login").lower()
    heard = {login.lower() for path in CONCERNED for login in _logins(dig(payload, path))} | mentioned(text)
    heard.discard(sender)
    return tuple(sorted(heard)[:MAX_PEOPLE]) or _fallback(payload)


def mentioned(text: str) -> set[str]:
    """The logins that Markdown `text` mentions outside of code."""
    return {match[1].lower() for match in _MENTION.finditer(_CODE.sub(" ", text))}


def _logins(found: Any) -> Iterator[str]:
    """The people in what a path led to: no organisations, no bots, no teams."""
    for person in found if isinstance(found, list) else [found]:
        if isinstance(person, dict) and person.get("type", "User") == "User" and _is_login(person.get("login")):
            yield person["login"]


def _fallback(payload: Payload) -> tuple[str, ...]:
    owner = text_at(payload, "repository.owner.login|organization.login|installation.account.login")
    found = [*_logins(payload.get("sender")), *([owner] if _is_login(owner) else [])]
    return (found[0].lower(),) if found else ()


def _is_login(login: object) -> bool:
    """A bot's `dependabot[bot]` is none."""
    return isinstance(login, str) and _LOGIN.fullmatch(login) is not None
