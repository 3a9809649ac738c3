"""Where pushes go: the devices of subscribers, each with the token that its platform gave it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedTextField


class Device(models.Model):
    """One installation of an app, or one browser, of one subscriber. It is deactivated rather than deleted."""

    class Platform(models.TextChoices):
        FCM = "fcm"
        APNS = "apns"
        WEB_PUSH = "web_push"

    class Environment(models.TextChoices):
        PRODUCTION = "production"
        # APNs alone: builds from Xcode
        SANDBOX = "sandbox"

    class Reason(models.TextChoices):
        # the client took it off
        REMOVED = "removed"
        # its token was registered for another device or subscriber of the tenant
        MOVED = "moved"
        # the provider says that nobody is there any more
        UNREGISTERED = "unregistered"
        # nothing was heard of it for too long
        STALE = "stale"
        # the subscriber has more devices than are served: the one that was heard of longest ago gives way
        TOO_MANY = "too_many"
        OPERATOR = "operator"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    subscriber = models.ForeignKey("hub.Subscriber", models.CASCADE, db_index=False, related_name="devices")
    # chosen by the client
    external_id = models.CharField(max_length=128)
    platform = models.CharField(max_length=16, choices=Platform)
    # the registration token, or the endpoint of a Web Push subscription
    token = EncryptedTextField(editable=False)
    # of a Web Push subscription: `{"p256dh", "auth"}` as JSON, else empty
    keys = EncryptedTextField(editable=False, blank=True, default="")
    # what a token is recognised by: SHA-256 of platform and token
    digest = models.CharField(max_length=64, editable=False)
    # bundle id or package name
    app = models.CharField(max_length=200, blank=True, default="")
    environment = models.CharField(max_length=16, choices=Environment, default=Environment.PRODUCTION)
    name = models.CharField(max_length=200, blank=True, default="")
    locale = models.CharField(max_length=16, blank=True, default="")
    # what became of it, oldest first: `{"at", "what", "reason", "word"}`, the last few
    history = models.JSONField(default=list, editable=False)
    # why it is not active
    reason = models.CharField(max_length=16, choices=Reason, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # when the client last said that it is there
    refreshed_at = models.DateTimeField(db_default=Now(), editable=False)
    deactivated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "external_id"], name="hub_device_external_id"),
            # a token has one owner: whoever registered it last
            models.UniqueConstraint(
                fields=["tenant", "digest"], condition=Q(deactivated_at=None), name="hub_device_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(deactivated_at=None, reason="") | (Q(deactivated_at__isnull=False) & ~Q(reason="")),
                name="hub_device_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["subscriber"], condition=Q(deactivated_at=None), name="hub_device_active"),
            models.Index(
                fields=["refreshed_at"], condition=Q(deactivated_at=None, platform="fcm"), name="hub_device_ageing"
            ),
            models.Index(fields=["tenant", "-id"], name="hub_device_list"),
            models.Index(fields=["external_id"], opclasses=["varchar_pattern_ops"], name="hub_device_search"),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.external_id}"
