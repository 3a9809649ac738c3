"""A tenant's rule for the hours of text messages: checked where it is written, read where it counts.

`{"categories": ["marketing"], "from": "08:00", "to": "21:00", "days": [1, …, 7]?, "countries": {"FR": window}?}` is a rule,
where a window is `from`, `to` and `days`; an empty object is none.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from hub.content.keys import check_key
from hub.content.values import known_object
from hub.exceptions import InvalidRequest
from hub.policy.hours import EVERY_DAY, Window

MAX_CATEGORIES = 50
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_COUNTRY = re.compile(r"[A-Z]{2}")
_WINDOW = ("from", "to", "days")


def checked_hours(value: Any) -> dict[str, Any]:
    """`value` as a rule. Raises InvalidRequest naming the path below `sms_hours` that is wrong."""
    if value in (None, {}):
        return {}
    known_object(value, field="sms_hours", known=("categories", *_WINDOW, "countries"))
    categories = value.get("categories")
    if not isinstance(categories, list) or not 1 <= len(categories) <= MAX_CATEGORIES:
        raise InvalidRequest.on("sms_hours.categories", f"Must be a list of 1 to {MAX_CATEGORIES} categories.", "type")
    for number, category in enumerate(categories):
        check_key(category, field=f"sms_hours.categories.{number}")
    countries = value.get("countries") or {}
    if not isinstance(countries, dict) or not all(_COUNTRY.fullmatch(str(code)) for code in countries):
        raise InvalidRequest.on("sms_hours.countries", "Must be an object by ISO codes of countries, such as FR.")
    for code, window in countries.items():
        known_object(window, field=f"sms_hours.countries.{code}", known=_WINDOW)
        _check_window(window, f"sms_hours.countries.{code}")
    _check_window(value, "sms_hours")
    return dict(value)


def window_of(rule: Mapping[str, Any], country: str) -> Window:
    """The window for the numbers of a country, in a rule that was checked."""
    window = (rule.get("countries") or {}).get(country, rule)
    days = frozenset(window.get("days") or EVERY_DAY)
    return Window(time.fromisoformat(window["from"]), time.fromisoformat(window["to"]), days)


def _check_window(value: Mapping[str, Any], path: str) -> None:
    for name in ("from", "to"):
        if not isinstance(value.get(name), str) or not _CLOCK.fullmatch(value[name]):
            raise InvalidRequest.on(f"{path}.{name}", "Give a time of the day, such as 08:00.")
    if value["from"] >= value["to"]:
        raise InvalidRequest.on(f"{path}.to", "Must be later than `from`, on the same day.")
    days = value.get("days")
    numbers = isinstance(days, list) and days and all(type(day) is int and 1 <= day <= 7 for day in days)
    if days is not None and not numbers:
        raise InvalidRequest.on(f"{path}.days", "Must be a list of days from 1 (Monday) to 7.")
