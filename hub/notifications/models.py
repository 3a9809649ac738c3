"""What was accepted: the notification, the work of fanning it out, and the keys that make a retry harmless."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7

# A list of those with one value of any of these is a run of an index of its own. The rarest values first.
LISTED_BY = ("group_key", "template", "creator", "event", "category", "status", "priority")


class Notification(models.Model):
    """One accepted request to tell somebody something. Once committed, it will be carried out."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted"
        SCHEDULED = "scheduled"
        PROCESSED = "processed"
        CANCELLED = "cancelled"
        RETRACTED = "retracted"

    class Priority(models.TextChoices):
        LOW = "low"
        NORMAL = "normal"
        HIGH = "high"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="notifications")
    event_type = models.ForeignKey("hub.EventType", models.PROTECT, null=True, related_name="+")
    event = models.CharField(max_length=100)
    category = models.CharField(max_length=100)
    required = models.BooleanField(default=False)
    # whether a subscriber who chose nothing gets it
    default_on = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACCEPTED)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    # as hub.notifications.audience says
    audience = models.JSONField()
    # {"title", "body", "html", "data", "actor", "action_url", "actions"}, rendered once; in other languages: Rendition
    content = models.JSONField()
    # channel → what its template says there instead
    bodies = models.JSONField(default=dict)
    # the key of the template that it was rendered from; empty: the event type's own, or none
    template = models.CharField(max_length=100, blank=True, default="")
    # and the version of it, from which other languages are rendered when somebody reads them
    version = models.ForeignKey("hub.TemplateVersion", models.DO_NOTHING, null=True, db_index=False, related_name="+")
    # what of the content the request said itself, which no language changes
    said = ArrayField(models.CharField(max_length=16), default=list)
    # what was asked for: "all", a list of channels, or null for the ladder as it is
    channels = models.JSONField(null=True)
    # channel → what it says instead, by the names of the content
    overrides = models.JSONField(default=dict)
    # the event type's ladder as it was when this was accepted, with the channels that were asked for
    ladder = models.JSONField(default=list)
    tags = ArrayField(models.CharField(max_length=100), default=list)
    group_key = models.CharField(max_length=200, blank=True, default="")
    cancel_key = models.CharField(max_length=200, blank=True, default="")
    send_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    # who asked: `key:<prefix>`, `user:<id>` or `code`
    creator = models.CharField(max_length=100)
    # the X-Request-Id that it came with; empty from code outside of a request
    request_id = models.CharField(max_length=128, blank=True, default="", editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    processed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    retracted_at = models.DateTimeField(null=True)
    # sent again what this one had said
    replay_of = models.ForeignKey("self", models.SET_NULL, null=True, db_index=False, related_name="replays")
    recipients = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-id"], name="hub_notification_list"),
            *(models.Index(fields=["tenant", name, "-id"], name=f"hub_notification_{name}") for name in LISTED_BY),
            # whoever runs the hub asks across tenants
            models.Index(fields=["status", "-id"], name="hub_notification_status_all"),
            models.Index(fields=["replay_of"], condition=Q(replay_of__isnull=False), name="hub_notification_replays"),
            # what an erasure has to look through, as nobody's item leads to it
            models.Index(
                fields=["tenant"],
                condition=Q(cancelled_at__isnull=False) | Q(audience__has_key="except"),
                name="hub_notification_unserved",
            ),
            models.Index(
                fields=["cancel_key", "tenant", "-id"], condition=~Q(cancel_key=""), name="hub_notification_cancel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Change(models.Model):
    """What somebody did to a notification after it was accepted."""

    class Kind(models.TextChoices):
        RESCHEDULED = "rescheduled"
        CANCELLED = "cancelled"
        RETRACTED = "retracted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=16, choices=Kind)
    # as the creator of a notification
    by = models.CharField(max_length=100)
    # field → {"from", "to"}: ISO-8601, or null
    moved = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.notification_id}"


class FanOut(models.Model):
    """A part of the work of carrying out a notification: due, resumable at its cursor. Whoever holds its row lock does it."""

    class Operation(models.TextChoices):
        DELIVER = "deliver"
        RETRACT = "retract"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    notification = models.ForeignKey(Notification, models.CASCADE, db_index=False, related_name="fan_outs")
    operation = models.CharField(max_length=16, choices=Operation, default=Operation.DELIVER)
    part = models.IntegerField(default=0)
    # the last recipient that is done, `part:external id` or `part:subscriber id`, or a retraction's subscriber id; empty: none
    cursor = models.CharField(max_length=300, blank=True, default="")
    due_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    failures = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "operation", "part"], name="hub_fan_out_part")]
        indexes = [models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="hub_fan_out_due")]

    def __str__(self) -> str:
        return f"{self.operation} {self.notification_id}/{self.part}"


class Idempotency(models.Model):
    """The answer that a write with an `Idempotency-Key` got, written in the same transaction as its effect."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # null: the operator's
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, null=True, db_index=False, related_name="+")
    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    response = models.JSONField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "principal", "key"], nulls_distinct=False, name="hub_idempotency_key"
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="hub_idempotency_expiry")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"
