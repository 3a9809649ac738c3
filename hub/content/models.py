"""What can be said: event types and templates, made at run time."""

from django.db import models
from django.db.models.functions import Now

from hub.ids import uuid7


class EventType(models.Model):
    """A kind of notification, such as `comment.created`, in a category, with its ladder and its default template."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, related_name="event_types")
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True, default="")
    category = models.CharField(max_length=100, default="general")
    # required: preferences can't switch it off
    required = models.BooleanField(default=False)
    # off: a subscriber gets it on the channels alone that they have switched on
    default_on = models.BooleanField(default=True)
    # [{"channel", "after": seconds, "unless": "focused" | "seen" | "read" | "never"}]
    ladder = models.JSONField(default=list, blank=True)
    # what a notification says that names no template: the `content` of one
    template = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_event_type_key")]

    def __str__(self) -> str:
        return self.key


class Template(models.Model):
    """What a notification says, by name: a request that names it says this instead of its event type's own template."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, related_name="templates")
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True, default="")
    # Liquid: {"title", "body", "html", "action_url", "actions": [{"key", "label", "url"}]}, each optional
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_template_key")]

    def __str__(self) -> str:
        return self.key
