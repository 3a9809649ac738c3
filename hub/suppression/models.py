"""Addresses that are written to no more."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedTextField


class Suppression(models.Model):
    """That a tenant writes to an address on a channel no more, and why. Lifted, it stays on record."""

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"

    class Reason(models.TextChoices):
        # the address does not exist, says its own server
        HARD_BOUNCE = "hard_bounce"
        # its owner called a message spam
        COMPLAINT = "complaint"
        # its owner wants nothing that is not required
        UNSUBSCRIBE = "unsubscribe"
        # its owner answered STOP
        STOP = "stop"
        MANUAL = "manual"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    channel = models.CharField(max_length=16, choices=Channel)
    # what the address is recognised by: see `hub.suppression.digests`
    digest = models.CharField(max_length=64, editable=False)
    # None once its owner was erased: the digest alone keeps them from being written to again
    address = EncryptedTextField(null=True, editable=False)
    reason = models.CharField(max_length=16, choices=Reason)
    # who said so: `api`, `admin`, or the account whose receipt it was
    source = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "digest"], condition=Q(lifted_at=None), name="hub_suppression_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="hub_suppression_list"),
            models.Index(fields=["digest"], name="hub_suppression_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"
