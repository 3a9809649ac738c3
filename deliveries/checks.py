"""System checks of the off-app edge."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from hub.conf import conf


@register()
def lease_outlasts_calls(**_: Any) -> list[CheckMessage]:
    """deliveries.E001: a call that may outlast its lease may be made twice at once."""
    longest = 2 * conf.provider_timeout
    if conf.delivery_lease > longest:
        return []
    return [
        Error(
            f"HUB['delivery_lease'] ({conf.delivery_lease} s) must exceed twice HUB['provider_timeout'] ({longest} s).",
            hint="Connecting and sending may each take provider_timeout; a lease must outlast both.",
            id="deliveries.E001",
        )
    ]
