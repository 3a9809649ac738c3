import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import hub.audience.models
import hub.ids
import hub.tenancy.crypto
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=16)),
                ("lane", models.CharField(choices=[("high", "High"), ("bulk", "Bulk")], max_length=8)),
                ("step", models.SmallIntegerField()),
                ("generation", models.SmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Claimed"),
                            ("sent", "Sent"),
                            ("cancelled", "Cancelled"),
                            ("skipped", "Skipped"),
                            ("dead", "Dead"),
                            ("replayed", "Replayed"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=32)),
                ("due_at", models.DateTimeField()),
                ("after", models.IntegerField()),
                ("absent", models.BooleanField()),
                ("cancel_level", models.SmallIntegerField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("unknowns", models.SmallIntegerField(default=0)),
                ("fence", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("postponed", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="EventType",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("category", models.CharField(default="general", max_length=100)),
                ("required", models.BooleanField(default=False)),
                ("default_on", models.BooleanField(default=True)),
                ("ladder", models.JSONField(blank=True, default=list)),
                ("template", models.JSONField(blank=True, default=dict)),
                ("active", models.BooleanField(default=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InboxItem",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("category", models.CharField(max_length=100)),
                ("locale", models.CharField(blank=True, default="", max_length=16)),
                ("seq", models.BigIntegerField(null=True)),
                ("surfaced_seq", models.BigIntegerField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("archived_at", models.DateTimeField(null=True)),
                ("snoozed_until", models.DateTimeField(null=True)),
                ("acted", models.CharField(blank=True, default="", max_length=100)),
                ("acted_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                ("retracted_at", models.DateTimeField(null=True)),
                ("expired_at", models.DateTimeField(null=True)),
                ("hidden_reason", models.CharField(blank=True, default="", max_length=32)),
                (
                    "visible",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(
                                    ("deleted_at__isnull", True),
                                    ("expired_at__isnull", True),
                                    ("hidden_reason", ""),
                                    ("retracted_at__isnull", True),
                                    ("archived_at__isnull", True),
                                    ("snoozed_until__isnull", True),
                                ),
                                then=True,
                            ),
                            default=False,
                            output_field=models.BooleanField(),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("external_id", models.CharField(db_collation="C", max_length=255)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("email", models.CharField(blank=True, default="", max_length=254)),
                ("phone", models.CharField(blank=True, default="", max_length=32)),
                ("locale", models.CharField(blank=True, default="", max_length=16)),
                ("timezone", models.CharField(blank=True, default="", max_length=64)),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("tokens_valid_after", models.DateTimeField(blank=True, null=True)),
                ("bare", models.BooleanField(default=False, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hub_subscribers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[("message", "Message"), ("layout", "Layout"), ("partial", "Partial")],
                        default="message",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("content", models.JSONField(default=dict)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("hub.delivery",),
        ),
        migrations.CreateModel(
            name="DeliveryDestination",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=512)),
                ("provider_message_id", models.CharField(blank=True, default="", max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("fate", models.CharField(blank=True, default="", max_length=16)),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="destinations",
                        to="hub.delivery",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="item",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="hub.inboxitem",
            ),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=100)),
                ("category", models.CharField(max_length=100)),
                ("required", models.BooleanField(default=False)),
                ("default_on", models.BooleanField(default=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("accepted", "Accepted"),
                            ("scheduled", "Scheduled"),
                            ("processed", "Processed"),
                            ("cancelled", "Cancelled"),
                            ("retracted", "Retracted"),
                        ],
                        default="accepted",
                        max_length=16,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("normal", "Normal"), ("high", "High")], default="normal", max_length=8
                    ),
                ),
                ("audience", models.JSONField()),
                ("content", models.JSONField()),
                ("bodies", models.JSONField(default=dict)),
                ("template", models.CharField(blank=True, default="", max_length=100)),
                (
                    "said",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16), default=list, size=None
                    ),
                ),
                ("channels", models.JSONField(null=True)),
                ("overrides", models.JSONField(default=dict)),
                ("ladder", models.JSONField(default=list)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("group_key", models.CharField(blank=True, default="", max_length=200)),
                ("cancel_key", models.CharField(blank=True, default="", max_length=200)),
                ("send_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("creator", models.CharField(max_length=100)),
                ("request_id", models.CharField(blank=True, default="", editable=False, max_length=128)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("processed_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("retracted_at", models.DateTimeField(null=True)),
                ("recipients", models.IntegerField(default=0)),
                (
                    "event_type",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="hub.eventtype"
                    ),
                ),
                (
                    "replay_of",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replays",
                        to="hub.notification",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="inboxitem",
            name="notification",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="items", to="hub.notification"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="notification",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="hub.notification",
            ),
        ),
        migrations.AddField(
            model_name="inboxitem",
            name="subscriber",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="items", to="hub.subscriber"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="subscriber",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="deliveries",
                to="hub.subscriber",
            ),
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("content", models.JSONField()),
                (
                    "uses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("restores", models.IntegerField(null=True)),
                ("creator", models.CharField(max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="versions",
                        to="hub.template",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="template",
            name="published",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="hub.templateversion",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="hub.templateversion",
            ),
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended")], default="active", max_length=16
                    ),
                ),
                (
                    "allowed_origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                ("consent_required", models.BooleanField(default=False)),
                ("sms_hours", models.JSONField(blank=True, default=dict)),
                ("branding", models.JSONField(blank=True, default=dict)),
                ("email_layout", models.CharField(blank=True, default="", max_length=100)),
                (
                    "read_on",
                    models.CharField(
                        choices=[("never", "Never"), ("opened", "Opened"), ("clicked", "Clicked")],
                        default="never",
                        max_length=8,
                    ),
                ),
                ("sandbox", models.BooleanField(default=False)),
                ("clock_offset", models.DurationField(default=datetime.timedelta(0), editable=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("clock_offset__gt", datetime.timedelta(0))),
                        fields=["clock_offset"],
                        name="hub_tenant_clock",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("clock_offset", datetime.timedelta(0)),
                            models.Q(("clock_offset__gt", datetime.timedelta(0)), ("sandbox", True)),
                            _connector="OR",
                        ),
                        name="hub_tenant_real_time",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="templateversion",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="templates", to="hub.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(choices=[("email", "Email"), ("sms", "Sms")], max_length=16)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("address", hub.tenancy.crypto.EncryptedTextField(editable=False, null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("hard_bounce", "Hard Bounce"),
                            ("complaint", "Complaint"),
                            ("unsubscribe", "Unsubscribe"),
                            ("stop", "Stop"),
                            ("manual", "Manual"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source", models.CharField(max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("lifted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="subscriber",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="subscribers", to="hub.tenant"
            ),
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "algorithm",
                    models.CharField(
                        choices=[("HS256", "Hs256"), ("RS256", "Rs256"), ("ES256", "Es256")], max_length=8
                    ),
                ),
                ("key", hub.tenancy.crypto.EncryptedTextField()),
                ("jwks_url", models.CharField(blank=True, default="", max_length=2000)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="signing_keys", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("locale", models.CharField(max_length=16)),
                ("content", models.JSONField(null=True)),
                ("bodies", models.JSONField(default=dict)),
                ("problems", models.JSONField(default=dict)),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="renditions",
                        to="hub.notification",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=32)),
                ("channel", models.CharField(max_length=16)),
                ("position", models.SmallIntegerField(default=0)),
                ("active", models.BooleanField(default=True)),
                ("config", hub.tenancy.crypto.EncryptedJsonField(default=dict)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="providers",
                        to="hub.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("category", models.CharField(max_length=100)),
                ("channel", models.CharField(max_length=16)),
                ("enabled", models.BooleanField()),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="notification",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="hub.tenant",
            ),
        ),
        migrations.AddField(
            model_name="inboxitem",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Idempotency",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("principal", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=255)),
                ("body_hash", models.CharField(max_length=64)),
                ("status", models.SmallIntegerField()),
                ("response", models.JSONField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hub.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FanOut",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "operation",
                    models.CharField(
                        choices=[("deliver", "Deliver"), ("retract", "Retract")], default="deliver", max_length=16
                    ),
                ),
                ("part", models.IntegerField(default=0)),
                ("cursor", models.CharField(blank=True, default="", max_length=300)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("failures", models.SmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fan_outs",
                        to="hub.notification",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="eventtype",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="event_types", to="hub.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("external_id", models.CharField(max_length=128)),
                (
                    "platform",
                    models.CharField(
                        choices=[("fcm", "Fcm"), ("apns", "Apns"), ("web_push", "Web Push")], max_length=16
                    ),
                ),
                ("token", hub.tenancy.crypto.EncryptedTextField(editable=False)),
                ("keys", hub.tenancy.crypto.EncryptedTextField(blank=True, default="", editable=False)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("app", models.CharField(blank=True, default="", max_length=200)),
                (
                    "environment",
                    models.CharField(
                        choices=[("production", "Production"), ("sandbox", "Sandbox")],
                        default="production",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("locale", models.CharField(blank=True, default="", max_length=16)),
                ("history", models.JSONField(default=list, editable=False)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("removed", "Removed"),
                            ("moved", "Moved"),
                            ("unregistered", "Unregistered"),
                            ("stale", "Stale"),
                            ("too_many", "Too Many"),
                            ("operator", "Operator"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "refreshed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("deactivated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryEvent",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("answer", models.CharField(blank=True, default="", max_length=500)),
                ("name", models.CharField(max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="hub.deliverydestination",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="deliverydestination",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(choices=[("sms", "Sms")], max_length=16)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("granted", models.BooleanField()),
                ("source", models.CharField(max_length=200)),
                ("given_at", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChatAddress",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("slack", "Slack"),
                            ("teams", "Teams"),
                            ("discord", "Discord"),
                            ("telegram", "Telegram"),
                            ("chat_webhook", "Chat Webhook"),
                        ],
                        max_length=16,
                    ),
                ),
                ("address", hub.tenancy.crypto.EncryptedTextField(editable=False)),
                ("history", models.JSONField(default=list, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("deactivated_at", models.DateTimeField(editable=False, null=True)),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chats",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "chat addresses",
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rescheduled", "Rescheduled"),
                            ("cancelled", "Cancelled"),
                            ("retracted", "Retracted"),
                        ],
                        max_length=16,
                    ),
                ),
                ("by", models.CharField(max_length=100)),
                ("moved", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="hub.notification"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=140)),
                ("label", models.CharField(max_length=140)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("call", hub.tenancy.crypto.EncryptedJsonField()),
                (
                    "received_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=100)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hub.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("fence", models.IntegerField()),
                ("provider", models.CharField(max_length=140)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, default="", max_length=16)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("answer", models.CharField(blank=True, default="", max_length=500)),
                (
                    "destination",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="hub.deliverydestination",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("prefix", models.CharField(editable=False, max_length=16, unique=True)),
                ("digest", models.CharField(editable=False, max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="hub.tenant"
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(db_collation="C", max_length=200)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("open", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topics",
                        to="hub.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TopicMember",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="hub.subscriber"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="hub.topic",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=2000)),
                ("topic_arn", models.CharField(blank=True, default="", editable=False, max_length=320)),
                ("access_key_id", models.CharField(blank=True, default="", editable=False, max_length=128)),
                ("secret_access_key", hub.tenancy.crypto.EncryptedTextField(editable=False, null=True)),
                ("description", models.CharField(blank=True, default="", max_length=200)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                ("secret", hub.tenancy.crypto.EncryptedTextField(editable=False)),
                ("previous_secret", hub.tenancy.crypto.EncryptedTextField(editable=False, null=True)),
                ("previous_until", models.DateTimeField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("failures", models.IntegerField(default=0, editable=False)),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("disabled_at", models.DateTimeField(editable=False, null=True)),
                ("disabled_reason", models.CharField(blank=True, default="", editable=False, max_length=16)),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="webhooks", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Claimed"),
                            ("delivered", "Delivered"),
                            ("dead", "Dead"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=32)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempts", models.SmallIntegerField(default=0)),
                ("fence", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_deliveries",
                        to="hub.notification",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_deliveries",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="hub.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", models.UUIDField(default=hub.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("fence", models.IntegerField()),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("status", models.SmallIntegerField(null=True)),
                ("answer", models.CharField(blank=True, default="", max_length=500)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="hub.webhookdelivery",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="withdrawal",
                        serialize=False,
                        to="hub.inboxitem",
                    ),
                ),
                ("noted_at", models.DateTimeField()),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="hub.subscriber",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Stream",
            fields=[
                (
                    "subscriber",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stream",
                        serialize=False,
                        to="hub.subscriber",
                    ),
                ),
                ("epoch", models.CharField(default=hub.audience.models.new_epoch, max_length=8)),
                ("last_seq", models.BigIntegerField(default=0)),
                ("floor_seq", models.BigIntegerField(default=0)),
                ("unseen", models.IntegerField(default=0)),
                ("unread", models.IntegerField(default=0)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hub.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="templateversion",
            index=models.Index(fields=["template", "-id"], name="hub_template_version_list"),
        ),
        migrations.AddConstraint(
            model_name="templateversion",
            constraint=models.UniqueConstraint(fields=("template", "number"), name="hub_template_version_number"),
        ),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="hub_template_key"),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["tenant", "-id"], name="hub_suppression_list"),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["digest"], name="hub_suppression_digest"),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)),
                fields=("tenant", "channel", "digest"),
                name="hub_suppression_once",
            ),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(fields=["tenant", "id"], name="hub_subscriber_walk"),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(fields=["external_id"], name="hub_subscriber_search"),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(
                condition=models.Q(("email", ""), _negated=True),
                fields=["email", "tenant", "-id"],
                name="hub_subscriber_email",
            ),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(
                condition=models.Q(("phone", ""), _negated=True), fields=["phone"], name="hub_subscriber_phone"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.UniqueConstraint(fields=("tenant", "external_id"), name="hub_subscriber_external_id"),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)), fields=("tenant", "user"), name="hub_subscriber_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(fields=("notification", "locale"), name="hub_rendition_once"),
        ),
        migrations.AddIndex(
            model_name="provider",
            index=models.Index(fields=["tenant", "channel", "position"], name="hub_provider_order"),
        ),
        migrations.AddIndex(
            model_name="provider",
            index=models.Index(fields=["key"], name="hub_provider_search", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="hub_provider_key"),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                fields=("subscriber", "category", "channel"), name="hub_preference_cell"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "-id"], name="hub_notification_list"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "group_key", "-id"], name="hub_notification_group_key"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "template", "-id"], name="hub_notification_template"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "creator", "-id"], name="hub_notification_creator"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "event", "-id"], name="hub_notification_event"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "category", "-id"], name="hub_notification_category"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "status", "-id"], name="hub_notification_status"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["tenant", "priority", "-id"], name="hub_notification_priority"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["status", "-id"], name="hub_notification_status_all"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("replay_of__isnull", False)), fields=["replay_of"], name="hub_notification_replays"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("cancelled_at__isnull", False), ("audience__has_key", "except"), _connector="OR"),
                fields=["tenant"],
                name="hub_notification_unserved",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("cancel_key", ""), _negated=True),
                fields=["cancel_key", "tenant", "-id"],
                name="hub_notification_cancel",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(fields=["subscriber", "seq"], name="hub_inbox_item_log"),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(("visible", True)),
                fields=["subscriber", "-surfaced_seq", "-id"],
                name="hub_inbox_item_list",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True), ("visible", True)),
                fields=["subscriber", "-surfaced_seq", "-id"],
                name="hub_inbox_item_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    ("expired_at__isnull", True),
                    ("hidden_reason", ""),
                    ("retracted_at__isnull", True),
                    ("archived_at__isnull", False),
                ),
                fields=["subscriber", "-surfaced_seq", "-id"],
                name="hub_inbox_item_archived",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    ("expired_at__isnull", True),
                    ("hidden_reason", ""),
                    ("retracted_at__isnull", True),
                    ("archived_at__isnull", True),
                    ("snoozed_until__isnull", False),
                ),
                fields=["subscriber", "-surfaced_seq", "-id"],
                name="hub_inbox_item_snoozed",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(fields=["subscriber", "-notification"], name="hub_inbox_item_told"),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(("snoozed_until__isnull", False)),
                fields=["snoozed_until"],
                name="hub_inbox_item_wake",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    ("expired_at__isnull", True),
                    ("expires_at__isnull", False),
                    ("retracted_at__isnull", True),
                ),
                fields=["expires_at"],
                name="hub_inbox_item_expiry",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboxitem",
            constraint=models.UniqueConstraint(fields=("notification", "subscriber"), name="hub_inbox_item_once"),
        ),
        migrations.AddConstraint(
            model_name="inboxitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hidden_reason", ""), ("seq__isnull", False), ("surfaced_seq__isnull", False)),
                    models.Q(
                        models.Q(("hidden_reason", ""), _negated=True),
                        ("seq__isnull", True),
                        ("surfaced_seq__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="hub_inbox_item_hidden",
            ),
        ),
        migrations.AddIndex(
            model_name="idempotency",
            index=models.Index(fields=["expires_at"], name="hub_idempotency_expiry"),
        ),
        migrations.AddConstraint(
            model_name="idempotency",
            constraint=models.UniqueConstraint(
                fields=("tenant", "principal", "key"), name="hub_idempotency_key", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="fanout",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["due_at"], name="hub_fan_out_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="fanout",
            constraint=models.UniqueConstraint(fields=("notification", "operation", "part"), name="hub_fan_out_part"),
        ),
        migrations.AddConstraint(
            model_name="eventtype",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="hub_event_type_key"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                condition=models.Q(("deactivated_at", None)), fields=["subscriber"], name="hub_device_active"
            ),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                condition=models.Q(("deactivated_at", None), ("platform", "fcm")),
                fields=["refreshed_at"],
                name="hub_device_ageing",
            ),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["tenant", "-id"], name="hub_device_list"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["external_id"], name="hub_device_search", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(fields=("subscriber", "external_id"), name="hub_device_external_id"),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deactivated_at", None)), fields=("tenant", "digest"), name="hub_device_one_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deactivated_at", None), ("reason", "")),
                    models.Q(("deactivated_at__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="hub_device_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryevent",
            constraint=models.UniqueConstraint(fields=("destination", "kind", "name"), name="hub_delivery_event_once"),
        ),
        migrations.AddIndex(
            model_name="deliverydestination",
            index=models.Index(
                condition=models.Q(("provider_message_id", ""), _negated=True),
                fields=["provider_message_id"],
                name="hub_delivery_destination_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverydestination",
            constraint=models.UniqueConstraint(fields=("delivery", "address"), name="hub_delivery_destination_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["channel", "lane", "due_at"], name="hub_delivery_due"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "claimed")), fields=["lease_until"], name="hub_delivery_leased"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["tenant", "state", "reason", "channel", "-id"],
                include=("created_at",),
                name="hub_delivery_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["notification", "state", "reason", "channel", "-id"], name="hub_delivery_kind_of"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["subscriber", "state", "reason", "channel", "-id"], name="hub_delivery_kind_for"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["notification", "subscriber"], name="hub_delivery_notification"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["tenant", "-id"], name="hub_delivery_list"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "dead")),
                fields=["-id"],
                include=("channel", "reason"),
                name="hub_delivery_dead_of_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("item", "channel", "generation"), name="hub_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_until__isnull", False), ("state", "claimed")),
                    models.Q(models.Q(("state", "claimed"), _negated=True), ("lease_until__isnull", True)),
                    _connector="OR",
                ),
                name="hub_delivery_lease",
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["digest", "-given_at", "-id"], name="hub_consent_latest"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["subscriber", "-id"], name="hub_consent_of"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["tenant", "-id"], name="hub_consent_list"),
        ),
        migrations.AddIndex(
            model_name="chataddress",
            index=models.Index(fields=["tenant", "-id"], name="hub_chat_address_list"),
        ),
        migrations.AddConstraint(
            model_name="chataddress",
            constraint=models.UniqueConstraint(fields=("subscriber", "kind"), name="hub_chat_address_kind"),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="hub_callback_due"
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(fields=["received_at"], name="hub_callback_age"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("destination", "fence"), name="hub_attempt_once"),
        ),
        migrations.AddIndex(
            model_name="topic",
            index=models.Index(fields=["tenant", "-id"], name="hub_topic_list"),
        ),
        migrations.AddIndex(
            model_name="topic",
            index=models.Index(fields=["key"], name="hub_topic_search"),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="hub_topic_key"),
        ),
        migrations.AddConstraint(
            model_name="topicmember",
            constraint=models.UniqueConstraint(fields=("topic", "subscriber"), name="hub_topic_member"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["webhook", "due_at"], name="hub_webhook_delivery_due"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "claimed")), fields=["webhook"], name="hub_webhook_delivery_open"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "claimed")), fields=["lease_until"], name="hub_webhook_delivery_leased"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["webhook", "state", "-id"], name="hub_webhook_delivery_list"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("notification__isnull", False)),
                fields=["notification"],
                name="hub_webhook_delivery_of",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("subscriber__isnull", False)),
                fields=["subscriber"],
                name="hub_webhook_delivery_about",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["finished_at"],
                name="hub_webhook_delivery_old",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_until__isnull", False), ("state", "claimed")),
                    models.Q(models.Q(("state", "claimed"), _negated=True), ("lease_until__isnull", True)),
                    _connector="OR",
                ),
                name="hub_webhook_delivery_lease",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookattempt",
            constraint=models.UniqueConstraint(fields=("delivery", "fence"), name="hub_webhook_attempt_once"),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["noted_at"], name="hub_withdrawal_due"),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["subscriber"], name="hub_withdrawal_of"),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("unread__gte", 0), ("unseen__gte", 0)), name="hub_stream_counts"
            ),
        ),
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_seq__gte", models.F("floor_seq"))), name="hub_stream_floor"
            ),
        ),
        # A stream is updated for every change of an inbox: room in its page keeps those updates off the indexes.
        migrations.RunSQL("ALTER TABLE hub_stream SET (fillfactor = 70)", migrations.RunSQL.noop),
    ]
