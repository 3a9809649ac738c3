"""Where somebody is reached in a chat."""

from django.db import models
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedTextField


class ChatAddress(models.Model):
    """One subscriber's place in one kind of chat. The kind is that of the provider which reaches it. It is deactivated rather
    than deleted where its chat calls it gone."""

    class Kind(models.TextChoices):
        SLACK = "slack"
        TEAMS = "teams"
        DISCORD = "discord"
        TELEGRAM = "telegram"
        CHAT_WEBHOOK = "chat_webhook"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    subscriber = models.ForeignKey("hub.Subscriber", models.CASCADE, db_index=False, related_name="chats")
    kind = models.CharField(max_length=16, choices=Kind)
    # an id that the chat gave, or a URL that takes messages: whoever knows it can write there
    address = EncryptedTextField(editable=False)
    # what became of it, oldest first: `{"at", "what", "reason", "word"}`, the last few
    history = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # when it was last given
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    # when its chat said that nobody is reached there
    deactivated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "chat addresses"
        constraints = [models.UniqueConstraint(fields=["subscriber", "kind"], name="hub_chat_address_kind")]
        indexes = [models.Index(fields=["tenant", "-id"], name="hub_chat_address_list")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subscriber_id}"
