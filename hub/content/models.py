"""What can be said: event types and templates, made at run time."""

from django.contrib.postgres.fields import ArrayField
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
    # what a notification says that names no template: words in one language, or the key of a template
    template = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_event_type_key")]

    def __str__(self) -> str:
        return self.key


class Template(models.Model):
    """What a notification says, by name, or a layout or partial that templates are made of: a draft that is worked on, and
    the version of it that is said."""

    class Kind(models.TextChoices):
        MESSAGE = "message"
        # around the HTML of mails: {{ content }}
        LAYOUT = "layout"
        # within others: {% render "key" %}
        PARTIAL = "partial"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, related_name="templates")
    key = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MESSAGE)
    name = models.CharField(max_length=200, blank=True, default="")
    # the draft, as `hub.content.sources` says
    content = models.JSONField(default=dict)
    published = models.ForeignKey(
        "hub.TemplateVersion", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_template_key")]

    def __str__(self) -> str:
        return self.key


class TemplateVersion(models.Model):
    """A template as it was published once: never changed, and kept for the notifications that say it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    # null: the template is gone
    template = models.ForeignKey(Template, models.SET_NULL, null=True, db_index=False, related_name="versions")
    number = models.IntegerField()
    content = models.JSONField()
    # the keys of the layouts and partials that it names itself
    uses = ArrayField(models.CharField(max_length=100), default=list)
    note = models.CharField(max_length=500, blank=True, default="")
    # the number of the version that this one brought back
    restores = models.IntegerField(null=True)
    # who published it: `key:<prefix>`, `user:<id>` or `code`
    creator = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="hub_template_version_number")]
        indexes = [models.Index(fields=["template", "-id"], name="hub_template_version_list")]

    def __str__(self) -> str:
        return f"version {self.number}"


class Rendition(models.Model):
    """What a notification says in one language other than its template's default: rendered once, for all who read that."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    notification = models.ForeignKey("hub.Notification", models.CASCADE, db_index=False, related_name="renditions")
    locale = models.CharField(max_length=16)
    # as the notification's; null: it could not be rendered, and the default is shown
    content = models.JSONField(null=True)
    # channel → what it says instead
    bodies = models.JSONField(default=dict)
    # channel → why it can't be sent there; "": nowhere
    problems = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "locale"], name="hub_rendition_once")]

    def __str__(self) -> str:
        return f"{self.notification_id} {self.locale}"
