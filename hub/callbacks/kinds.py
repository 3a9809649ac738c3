"""Who reads the callbacks of which kind of provider: one file in the delivery edge and one line here."""

from functools import cache
from typing import Any

from django.utils.module_loading import import_string

READERS = {
    "django": "deliveries.callbacks.anymail.DjangoReader",
    "anymail": "deliveries.callbacks.anymail.AnymailReader",
    "twilio": "deliveries.callbacks.twilio.TwilioReader",
    "vonage": "deliveries.callbacks.vonage.VonageReader",
    "africas_talking": "deliveries.callbacks.africas_talking.AfricasTalkingReader",
    "beem": "deliveries.callbacks.beem.BeemReader",
    "sns": "deliveries.callbacks.sns.SnsReader",
}


@cache
def reader_class(kind: str) -> Any:
    """The class that reads the callbacks of a kind; None if it has none."""
    path = READERS.get(kind)
    return import_string(path) if path else None
