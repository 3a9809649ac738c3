"""What providers have told: each call as it came until it is worked through, and what it says of a delivery."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedJsonField


class Callback(models.Model):
    """A call of a provider, proved to be its own, kept raw until it has been worked through and for a while after that."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # None: an account of the hub's own
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, null=True, db_index=False, related_name="+")
    # the id and the label of the account that it was sent to
    account = models.CharField(max_length=140)
    label = models.CharField(max_length=140)
    # of the account and the body: the same call twice is one row
    digest = models.CharField(max_length=64, unique=True)
    # {method, url, headers, body}: whoever it is about is in there
    call = EncryptedJsonField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    # when it is to be worked through, None once it is
    due_at = models.DateTimeField(null=True, db_default=Now())
    tries = models.SmallIntegerField(default=0)
    # why it could not be worked through: the type of an error, never its text
    error = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="hub_callback_due"),
            models.Index(fields=["received_at"], name="hub_callback_age"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.received_at}"


class DeliveryEvent(models.Model):
    """What a provider told of one destination after it had taken the message."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    destination = models.ForeignKey("hub.DeliveryDestination", models.CASCADE, db_index=False, related_name="events")
    # one of hub.callbacks.events.Kind
    kind = models.CharField(max_length=16)
    # by the provider's clock
    at = models.DateTimeField()
    code = models.CharField(max_length=64, blank=True, default="")
    answer = models.CharField(max_length=500, blank=True, default="")
    # the provider's name for the event, or what it says: a repeat is the same
    name = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["destination", "kind", "name"], name="hub_delivery_event_once")]

    def __str__(self) -> str:
        return f"{self.destination_id} {self.kind}"
