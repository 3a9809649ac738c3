"""What owners of numbers have agreed to."""

from django.db import models
from django.db.models.functions import Now

from hub.ids import uuid7


class Consent(models.Model):
    """That the owner of an address agreed to be written to on a channel, or took that back.

    Never changed: the latest counts.
    """

    class Channel(models.TextChoices):
        SMS = "sms"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    subscriber = models.ForeignKey("hub.Subscriber", models.CASCADE, db_index=False, related_name="consents")
    channel = models.CharField(max_length=16, choices=Channel)
    # the address that they spoke of: see `hub.suppression.digests`
    digest = models.CharField(max_length=64, editable=False)
    granted = models.BooleanField()
    # where they said so, such as `checkout form` or `keyword START`
    source = models.CharField(max_length=200)
    # when they said so
    given_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["digest", "-given_at", "-id"], name="hub_consent_latest"),
            models.Index(fields=["subscriber", "-id"], name="hub_consent_of"),
            models.Index(fields=["tenant", "-id"], name="hub_consent_list"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {'granted' if self.granted else 'withdrawn'}"
