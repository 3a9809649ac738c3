"""Who can be told something: subscribers with their streams, and topics."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7


def new_epoch() -> str:
    """Names one life of a stream: a cursor from another life can't be resumed."""
    return secrets.token_hex(4)


class Subscriber(models.Model):
    """One end user of a tenant, named by the tenant's own id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="subscribers")
    # in byte order, whatever the database sorts by: what begins alike stands together, exactly that first
    external_id = models.CharField(max_length=255, db_collation="C")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="hub_subscribers"
    )
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=32, blank=True, default="")
    locale = models.CharField(max_length=16, blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    # user tokens issued before this instant are revoked
    tokens_valid_after = models.DateTimeField(null=True, blank=True)
    # made from a bare address in `to`: it is owed the message, but has no inbox to look at
    bare = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="hub_subscriber_external_id"),
            models.UniqueConstraint(
                fields=["tenant", "user"], condition=Q(user__isnull=False), name="hub_subscriber_user"
            ),
        ]
        indexes = [
            # what everybody, a filter and a list of subscribers are walked along
            models.Index(fields=["tenant", "id"], name="hub_subscriber_walk"),
            # whoever looks for somebody doesn't know the tenant, and types the beginning
            models.Index(fields=["external_id"], name="hub_subscriber_search"),
            models.Index(fields=["email", "tenant", "-id"], condition=~Q(email=""), name="hub_subscriber_email"),
            # whose number it is that answered STOP
            models.Index(fields=["phone"], condition=~Q(phone=""), name="hub_subscriber_phone"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Stream(models.Model):
    """A subscriber's change counter and counts: one row, whose lock makes seq order equal commit order."""

    subscriber = models.OneToOneField(Subscriber, models.CASCADE, primary_key=True, related_name="stream")
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    epoch = models.CharField(max_length=8, default=new_epoch)
    last_seq = models.BigIntegerField(default=0)
    # changes up to here can no longer be replayed
    floor_seq = models.BigIntegerField(default=0)
    unseen = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unseen__gte=0, unread__gte=0), name="hub_stream_counts"),
            models.CheckConstraint(condition=Q(last_seq__gte=models.F("floor_seq")), name="hub_stream_floor"),
        ]

    def __str__(self) -> str:
        return f"{self.epoch}:{self.last_seq}"


class Topic(models.Model):
    """A named audience that subscribers follow."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="topics")
    key = models.CharField(max_length=200, db_collation="C")
    name = models.CharField(max_length=200, blank=True, default="")
    # subscribers may follow it themselves; to them a topic that is not open does not exist
    open = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="hub_topic_key")]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="hub_topic_list"),
            models.Index(fields=["key"], name="hub_topic_search"),
        ]

    def __str__(self) -> str:
        return self.key


class TopicMember(models.Model):
    """That a subscriber follows a topic. The unique key is also the keyset that fan-out walks."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    topic = models.ForeignKey(Topic, models.CASCADE, db_index=False, related_name="members")
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "subscriber"], name="hub_topic_member")]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.subscriber_id}"
