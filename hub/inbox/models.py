"""What one subscriber has in the app. The table is also the log that sockets resume from, compacted."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7

GONE = ("deleted_at", "retracted_at", "expired_at")
ALIVE = Q(deleted_at__isnull=True, retracted_at__isnull=True, expired_at__isnull=True, hidden_reason="")
VISIBLE = ALIVE & Q(archived_at__isnull=True, snoozed_until__isnull=True)


class InboxItem(models.Model):
    """One subscriber's copy of a notification: its state here, its content on the notification."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    notification = models.ForeignKey("hub.Notification", models.CASCADE, db_index=False, related_name="items")
    subscriber = models.ForeignKey("hub.Subscriber", models.CASCADE, db_index=False, related_name="items")
    category = models.CharField(max_length=100)
    # the language that it is said in, of those that its template has; empty: the default
    locale = models.CharField(max_length=16, blank=True, default="")
    # seq of the last change; null while hidden, as a hidden item is in no frame
    seq = models.BigIntegerField(null=True)
    # seq at which it last came to the top: created, woken, unread again
    surfaced_seq = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    acted = models.CharField(max_length=100, blank=True, default="")
    acted_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    retracted_at = models.DateTimeField(null=True)
    expired_at = models.DateTimeField(null=True)
    hidden_reason = models.CharField(max_length=32, blank=True, default="")
    visible = models.GeneratedField(
        expression=models.Case(models.When(VISIBLE, then=True), default=False, output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "subscriber"], name="hub_inbox_item_once"),
            models.CheckConstraint(
                condition=Q(hidden_reason="", seq__isnull=False, surfaced_seq__isnull=False)
                | (~Q(hidden_reason="") & Q(seq__isnull=True, surfaced_seq__isnull=True)),
                name="hub_inbox_item_hidden",
            ),
        ]
        indexes = [
            models.Index(fields=["subscriber", "seq"], name="hub_inbox_item_log"),
            models.Index(
                fields=["subscriber", "-surfaced_seq", "-id"], condition=Q(visible=True), name="hub_inbox_item_list"
            ),
            models.Index(
                fields=["subscriber", "-surfaced_seq", "-id"],
                condition=Q(visible=True, read_at__isnull=True),
                name="hub_inbox_item_unread",
            ),
            models.Index(
                fields=["subscriber", "-surfaced_seq", "-id"],
                condition=ALIVE & Q(archived_at__isnull=False),
                name="hub_inbox_item_archived",
            ),
            models.Index(
                fields=["subscriber", "-surfaced_seq", "-id"],
                condition=ALIVE & Q(archived_at__isnull=True, snoozed_until__isnull=False),
                name="hub_inbox_item_snoozed",
            ),
            # what a subscriber was told, hidden or not: the operator's question
            models.Index(fields=["subscriber", "-notification"], name="hub_inbox_item_told"),
            models.Index(
                fields=["snoozed_until"], condition=Q(snoozed_until__isnull=False), name="hub_inbox_item_wake"
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(
                    expires_at__isnull=False,
                    expired_at__isnull=True,
                    deleted_at__isnull=True,
                    retracted_at__isnull=True,
                ),
                name="hub_inbox_item_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} {self.seq}"
