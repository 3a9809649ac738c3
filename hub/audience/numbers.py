"""What a phone number tells of where its owner is."""

from functools import cache, lru_cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

NOWHERE = "Etc/UTC"


@lru_cache(maxsize=4096)
def place_of(phone: str) -> tuple[str, tuple[str, ...]]:
    """The country of a number in E.164 (its ISO code, empty when it is of none) and the IANA zones that it may be in."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return "", (NOWHERE,)
    zones = tuple(zone for zone in time_zones_for_number(number) if zone in _zones())
    country = phonenumbers.region_code_for_number(number) or ""
    return country if country.isalpha() else "", zones or (NOWHERE,)


@cache
def _zones() -> set[str]:
    return available_timezones()
