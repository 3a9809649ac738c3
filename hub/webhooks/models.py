"""Where a tenant wants to be told what happens, and the outbox of what each of these places is owed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedTextField


class Webhook(models.Model):
    """A place of a tenant's: events whose type one of `events` covers are posted to it, or published to its SNS topic."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2_000)
    # of a topic: `url` is where it is published at
    topic_arn = models.CharField(max_length=320, blank=True, default="", editable=False)
    access_key_id = models.CharField(max_length=128, blank=True, default="", editable=False)
    secret_access_key = EncryptedTextField(null=True, editable=False)
    description = models.CharField(max_length=200, blank=True, default="")
    # types, or prefixes with a star: `item.read`, `item.*`, `*`
    events = ArrayField(models.CharField(max_length=64))
    # what each post is signed with (Standard Webhooks, `whsec_…`); the one before it too until `previous_until`
    secret = EncryptedTextField(editable=False)
    previous_secret = EncryptedTextField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # failures since it last accepted anything, and when they began
    failures = models.IntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    # `operator`, `gone` (it answered 410) or `failing` (nothing was accepted for as long as there are attempts)
    disabled_reason = models.CharField(max_length=16, blank=True, default="", editable=False)
    # gone for its tenant; removed with its history once no transaction can be under way that still knew it
    deleted_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class WebhookDelivery(models.Model):
    """One event for one endpoint, written in the transaction of what it tells. Its id is the `webhook-id` of every attempt."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        DELIVERED = "delivered"
        DEAD = "dead"

    # minted by the database, as what is owed to whom is only known there: hub.webhooks.outbox
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    webhook = models.ForeignKey(Webhook, models.CASCADE, db_index=False, related_name="deliveries")
    # what and whom it is about: it goes with them
    notification = models.ForeignKey(
        "hub.Notification", models.CASCADE, null=True, db_index=False, related_name="webhook_deliveries"
    )
    subscriber = models.ForeignKey(
        "hub.Subscriber", models.CASCADE, null=True, db_index=False, related_name="webhook_deliveries"
    )
    type = models.CharField(max_length=64)
    # when it happened, by the tenant's clock
    at = models.DateTimeField()
    data = models.JSONField()
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    # `retrying`, `gone`, `retries_exhausted` or `disabled`
    reason = models.CharField(max_length=32, blank=True, default="")
    due_at = models.DateTimeField(db_default=Now())
    # those that came to an end; one whose worker died is made again
    attempts = models.SmallIntegerField(default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="claimed", lease_until__isnull=False)
                | (~Q(state="claimed") & Q(lease_until__isnull=True)),
                name="hub_webhook_delivery_lease",
            )
        ]
        indexes = [
            models.Index(fields=["webhook", "due_at"], condition=Q(state="waiting"), name="hub_webhook_delivery_due"),
            models.Index(fields=["webhook"], condition=Q(state="claimed"), name="hub_webhook_delivery_open"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="hub_webhook_delivery_leased"),
            models.Index(fields=["webhook", "state", "-id"], name="hub_webhook_delivery_list"),
            models.Index(
                fields=["notification"], condition=Q(notification__isnull=False), name="hub_webhook_delivery_of"
            ),
            models.Index(
                fields=["subscriber"], condition=Q(subscriber__isnull=False), name="hub_webhook_delivery_about"
            ),
            models.Index(
                fields=["finished_at"], condition=Q(finished_at__isnull=False), name="hub_webhook_delivery_old"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.state}"


class WebhookAttempt(models.Model):
    """One call of an endpoint: committed before it is made, what was answered after."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, db_index=False, related_name="tries")
    fence = models.IntegerField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # of the answer; null: none came
    status = models.SmallIntegerField(null=True)
    # the beginning of the answer, or why there is none
    answer = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "fence"], name="hub_webhook_attempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.fence} {self.status}"
