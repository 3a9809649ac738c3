"""The record of what is owed outside the app: deliveries, where they go, and every provider call made for them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7


class Delivery(models.Model):
    """What one subscriber is owed on one channel. Devices and addresses are resolved when it is claimed."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"
        DEAD = "dead"
        # was a dead letter, and goes on as the next generation
        REPLAYED = "replayed"

    class Lane(models.TextChoices):
        HIGH = "high"
        BULK = "bulk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    notification = models.ForeignKey("hub.Notification", models.CASCADE, db_index=False, related_name="deliveries")
    item = models.ForeignKey("hub.InboxItem", models.CASCADE, db_index=False, related_name="deliveries")
    # a copy of the item's, and goes with the item: a constraint of its own would read the whole table at every erasure
    subscriber = models.ForeignKey(
        "hub.Subscriber", models.DO_NOTHING, db_index=False, db_constraint=False, related_name="deliveries"
    )
    channel = models.CharField(max_length=16)
    lane = models.CharField(max_length=8, choices=Lane)
    # place on the ladder, from 0
    step = models.SmallIntegerField()
    # 0, then one more each time an operator replays it
    generation = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    # why it is in this state: a code of hub.fallback.reasons
    reason = models.CharField(max_length=32, blank=True, default="")
    due_at = models.DateTimeField()
    # the wait that the ladder gives this step, seconds
    after = models.IntegerField()
    # who was absent at fan-out hands a turn on at once
    absent = models.BooleanField()
    # cancelled by focused (1), seen (2), read (3), nothing (4)
    cancel_level = models.SmallIntegerField()
    # provider calls whose outcome is known to be a failure; those of unknown outcome are counted apart
    attempts = models.SmallIntegerField(default=0)
    unknowns = models.SmallIntegerField(default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # a plain ack postpones once
    postponed = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["item", "channel", "generation"], name="hub_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="claimed", lease_until__isnull=False)
                | (~Q(state="claimed") & Q(lease_until__isnull=True)),
                name="hub_delivery_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "lane", "due_at"], condition=Q(state="waiting"), name="hub_delivery_due"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="hub_delivery_leased"),
            # of a kind, newest first: what `hub.fallback.lists` and the analytics read; a subscriber's also finds what waits.
            # A tenant's has the time too: else the rows of a day might seem cheaper to look through in the order of the table
            models.Index(
                fields=["tenant", "state", "reason", "channel", "-id"], include=["created_at"], name="hub_delivery_kind"
            ),
            models.Index(fields=["notification", "state", "reason", "channel", "-id"], name="hub_delivery_kind_of"),
            models.Index(fields=["subscriber", "state", "reason", "channel", "-id"], name="hub_delivery_kind_for"),
            models.Index(fields=["notification", "subscriber"], name="hub_delivery_notification"),
            models.Index(fields=["tenant", "-id"], name="hub_delivery_list"),
            models.Index(
                fields=["-id"],
                include=["channel", "reason"],
                condition=Q(state="dead"),
                name="hub_delivery_dead_of_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class DeadLetter(Delivery):
    """A delivery that nobody tries any more: a page of its own for operators."""

    class Meta:
        proxy = True


class DeliveryDestination(models.Model):
    """One address of a delivery: what a provider is asked to reach."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    delivery = models.ForeignKey(Delivery, models.CASCADE, db_index=False, related_name="destinations")
    address = models.CharField(max_length=512)
    provider_message_id = models.CharField(max_length=255, blank=True, default="")
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.PENDING)
    # what the provider told afterwards: delivered, failed, bounced or complained
    fate = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="hub_delivery_destination_told",
            )
        ]
        constraints = [models.UniqueConstraint(fields=["delivery", "address"], name="hub_delivery_destination_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.outcome}"


class Attempt(models.Model):
    """One provider call for one destination: committed before the call, its outcome after."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    destination = models.ForeignKey(DeliveryDestination, models.CASCADE, db_index=False, related_name="attempts")
    fence = models.IntegerField()
    # the label of the account that was called: kind:key
    provider = models.CharField(max_length=140)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # empty until the provider has answered: a kind of deliveries' errors, or `sent`
    outcome = models.CharField(max_length=16, blank=True, default="")
    code = models.CharField(max_length=64, blank=True, default="")
    # what the provider said, without addresses, bounded
    answer = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["destination", "fence"], name="hub_attempt_once")]

    def __str__(self) -> str:
        return f"{self.destination_id} #{self.fence} {self.outcome}"


class Withdrawal(models.Model):
    """An item that is no longer unread and may still be on somebody's screens: gone as soon as its devices are told."""

    item = models.OneToOneField("hub.InboxItem", models.CASCADE, primary_key=True, related_name="withdrawal")
    tenant = models.ForeignKey("hub.Tenant", models.CASCADE, db_index=False, related_name="+")
    # a copy of the item's, as a delivery has it
    subscriber = models.ForeignKey(
        "hub.Subscriber", models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    noted_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["noted_at"], name="hub_withdrawal_due"),
            models.Index(fields=["subscriber"], name="hub_withdrawal_of"),
        ]

    def __str__(self) -> str:
        return str(self.item_id)
