"""What a subscriber wants: one switch a category and channel."""

from django.db import models

from hub.ids import uuid7


class Preference(models.Model):
    """A subscriber's own switch. Absent means the default of the event type."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    subscriber = models.ForeignKey("hub.Subscriber", models.CASCADE, db_index=False, related_name="preferences")
    category = models.CharField(max_length=100)
    channel = models.CharField(max_length=16)
    enabled = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "category", "channel"], name="hub_preference_cell")
        ]

    def __str__(self) -> str:
        return f"{self.category} × {self.channel}: {'on' if self.enabled else 'off'}"
