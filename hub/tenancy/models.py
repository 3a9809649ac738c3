"""Who uses the hub: tenants and the keys they hold."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import uuid7
from hub.tenancy.crypto import EncryptedTextField


class Tenant(models.Model):
    """One application using the hub. Nothing crosses from one tenant to another."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"

    class ReadOn(models.TextChoices):
        NEVER = "never"
        OPENED = "opened"
        CLICKED = "clicked"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    # scheme://host[:port] of the pages that may open sockets with a session cookie
    allowed_origins = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    # text messages go only to numbers whose owner agreed, but for what is required
    consent_required = models.BooleanField(default=False)
    # when text messages of which categories may go: see `hub.tenancy.hours`; empty: always
    sms_hours = models.JSONField(default=dict, blank=True)
    # how it shows itself in what it sends: see `hub.tenancy.branding`
    branding = models.JSONField(default=dict, blank=True)
    # the key of the layout around mails that name none themselves; empty: the hub's own
    email_layout = models.CharField(max_length=100, blank=True, default="")
    # what a provider tells that counts as reading the item
    read_on = models.CharField(max_length=8, choices=ReadOn, default=ReadOn.NEVER)
    # for tests: its clock can be put forward
    sandbox = models.BooleanField(default=False)
    clock_offset = models.DurationField(default=timedelta(0), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(clock_offset=timedelta(0)) | Q(sandbox=True, clock_offset__gt=timedelta(0)),
                name="hub_tenant_real_time",
            )
        ]
        indexes = [
            models.Index(fields=["clock_offset"], condition=Q(clock_offset__gt=timedelta(0)), name="hub_tenant_clock")
        ]

    def __str__(self) -> str:
        return self.slug


class ApiKey(models.Model):
    """A server's credential: shown once, kept as a SHA-256 of 256 random bits, limited to its scopes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=64))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"hub_{self.prefix}_…"


class SigningKey(models.Model):
    """What a tenant's backend signs user tokens with. The algorithm is pinned to the key; a token names the key as `kid`."""

    class Algorithm(models.TextChoices):
        HS256 = "HS256"
        RS256 = "RS256"
        ES256 = "ES256"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="signing_keys")
    algorithm = models.CharField(max_length=8, choices=Algorithm)
    # the shared secret (HS256) or the public key in PEM (RS256, ES256), encrypted at rest; empty with a jwks_url
    key = EncryptedTextField()
    # where an issuer publishes its keys (RS256, ES256); a token's `kid` chooses among them
    jwks_url = models.CharField(max_length=2_000, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.algorithm} {self.id}"
