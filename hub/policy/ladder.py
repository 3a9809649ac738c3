"""The ladder: which channels outside the app are owed, and when. Pure: no Django, no clock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

CHANNELS = ("push", "email", "sms", "chat")
CANCEL_LEVELS = {"focused": 1, "seen": 2, "read": 3, "never": 4}
DEFAULT_UNLESS = {"push": "focused", "email": "seen", "sms": "seen", "chat": "seen"}
ALL = "all"
MAX_STEPS = 8
MAX_AFTER = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery that one recipient is owed: due in `delay` seconds, or skipped at once with its `reason`."""

    channel: str
    step: int
    delay: int
    after: int
    cancel_level: int
    reason: str = ""


def plan(
    ladder: Sequence[dict[str, Any]], *, reachable: Collection[str], off: Collection[str], absent: bool, grace: int = 0
) -> list[Planned]:
    """Every step of `ladder` for one recipient.

    Absence skips the first step's wait only; later steps count from the one before. To somebody absent, a step without a
    destination (not in `reachable`) hands its turn on at once. Channels in `off` are switched off by preference. `grace`
    seconds are added to every step when absence is only assumed. A step `beside` the ladder waits for none and gives its turn
    to none.
    """
    planned: list[Planned] = []
    turn, handed_on = grace, absent
    for number, step in enumerate(ladder):
        channel, after = step["channel"], step.get("after", 0)
        reason = "preference_off" if channel in off else "" if channel in reachable else "no_destination"
        if step.get("beside"):
            planned.append(Planned(channel, number, grace, 0, cancel_level(step), reason))
            continue
        turn += 0 if handed_on else after
        handed_on = absent and reason == "no_destination"
        planned.append(Planned(channel, number, turn, after, cancel_level(step), reason))
    return planned


def choose(
    ladder: Sequence[dict[str, Any]], channels: Collection[str] | None, configured: Collection[str]
) -> list[dict[str, Any]]:
    """The ladder of a notification that asks for `channels`: `"all"`, a list, or None for the ladder as it is.

    A channel on the ladder keeps its wait; one that isn't goes out at once, beside it. `"all"`: the ladder's and all that are
    `configured`.
    """
    if channels is None:
        return list(ladder)
    laid = {step["channel"] for step in ladder}
    wanted = laid | set(configured) if channels == ALL else set(channels)
    kept = [step for step in ladder if step["channel"] in wanted]
    beside = [name for name in CHANNELS if name in wanted - laid]
    return kept + [{"channel": name, "after": 0, "beside": True} for name in beside]


def cancel_level(step: dict[str, Any]) -> int:
    """How much attention cancels a step: focused 1, seen 2, read 3, nothing 4."""
    return CANCEL_LEVELS[step.get("unless") or DEFAULT_UNLESS[step["channel"]]]


def problems(ladder: object) -> list[tuple[str, str]]:
    """What is wrong with a ladder that somebody wrote: (field path, message); empty when it can be planned."""
    if not isinstance(ladder, list) or len(ladder) > MAX_STEPS:
        return [("", f"must be a list of {MAX_STEPS} steps at most")]
    found: list[tuple[str, str]] = []
    for number, step in enumerate(ladder):
        if not isinstance(step, dict):
            found.append((str(number), "must be an object of channel, after and unless"))
            continue
        found += [(f"{number}.{name}", message) for name, message in _step_problems(step)]
    channels = [step.get("channel") for step in ladder if isinstance(step, dict)]
    found += [(str(n), "the channel is on the ladder already") for n, c in enumerate(channels) if c in channels[:n]]
    return found


def _step_problems(step: dict[str, Any]) -> list[tuple[str, str]]:
    after = step.get("after", 0)
    checks = [
        ("channel", step.get("channel") in CHANNELS, f"must be one of {', '.join(CHANNELS)}"),
        ("after", type(after) is int and 0 <= after <= MAX_AFTER, f"must be seconds, 0 to {MAX_AFTER}"),
        ("unless", step.get("unless") in (None, *CANCEL_LEVELS), f"must be one of {', '.join(CANCEL_LEVELS)}"),
    ]
    unknown = [(str(name), "is not a field of a step") for name in step if name not in ("channel", "after", "unless")]
    return [(name, message) for name, holds, message in checks if not holds] + unknown
