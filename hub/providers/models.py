"""Who carries a tenant's messages outside the app: its accounts with providers."""

from django.db import models
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedJsonField


class Provider(models.Model):
    """A tenant's account with a provider. The accounts of a channel are tried in order of their position."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="providers")
    key = models.CharField(max_length=100)
    # one of hub.providers.kinds, and the channel that it serves
    kind = models.CharField(max_length=32)
    channel = models.CharField(max_length=16)
    position = models.SmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    # credentials and settings, as the kind names them
    config = EncryptedJsonField(default=dict)
    # raised by every change: processes that hold an older one make themselves a new connection
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_provider_key")]
        indexes = [
            models.Index(fields=["tenant", "channel", "position"], name="hub_provider_order"),
            models.Index(fields=["key"], opclasses=["varchar_pattern_ops"], name="hub_provider_search"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"
