"""System checks: every way to misconfigure the hub has a stable id and says what to do."""

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.utils.text import slugify

from hub.conf import Conf, conf
from hub.exceptions import InvalidRequest
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import hub_accounts
from hub.providers.kinds import kind_class
from hub.providers.settings import check_config
from hub.tenancy.keys import PREFIX as KEY_PREFIX

OPERATOR_TOKEN_LENGTH = 32
OLDEST_POSTGRESQL = 16
_REDIS = ("redis://", "rediss://", "unix://")


@register()
def hub_settings(**_: Any) -> Iterator[CheckMessage]:
    """hub.E001: a key of `HUB` that nothing reads is a typing mistake that would otherwise go unnoticed.
    hub.E009: a value of another type than the default's."""
    defaults = {f.name: getattr(Conf(), f.name) for f in fields(Conf)}
    for key, value in getattr(settings, "HUB", {}).items():
        if key not in defaults:
            known = ", ".join(sorted(defaults))
            yield Error(f"HUB[{key!r}] is not a setting of the hub.", hint=f"Known: {known}.", id="hub.E001")
        elif not _fits(value, defaults[key]):
            yield Error(
                f"HUB[{key!r}] is {type(value).__name__}, not {type(defaults[key]).__name__}.",
                hint=f"The default is {defaults[key]!r}.",
                id="hub.E009",
            )


def _fits(value: Any, default: Any) -> bool:
    wanted = (int, float) if isinstance(default, float) else type(default)
    return isinstance(value, wanted) and isinstance(value, bool) == isinstance(default, bool)


@register()
def operator_token(**_: Any) -> list[CheckMessage]:
    """hub.E003: an operator's token that could be guessed, or that looks like an API key."""
    token = getattr(settings, "HUB", {}).get("operator_token", "")
    if not token or (len(token) >= OPERATOR_TOKEN_LENGTH and not token.startswith(KEY_PREFIX)):
        return []
    problem = f"HUB['operator_token'] needs {OPERATOR_TOKEN_LENGTH} characters, and must not begin with {KEY_PREFIX}."
    return [Error(problem, hint="Make one with: openssl rand -hex 32", id="hub.E003")]


@register()
def provider_classes(**_: Any) -> Iterator[CheckMessage]:
    """hub.E002: every account must be of a kind that there is, and every kind a class that can be imported. hub.E011: what
    an account must know is missing or wrong."""
    for key, given in conf.providers.items():
        try:
            kind_class(given.get("kind", ""))
        except (LookupError, ImportError) as error:
            yield Error(f"HUB['providers'][{key!r}]: {error}", id="hub.E002")
            return
    try:
        for account in (account for channel in CHANNELS for account in hub_accounts(channel)):
            check_config(kind_class(account.kind).settings, account.config, {})
    except InvalidRequest as error:
        yield Error(f"HUB['providers'][{account.key!r}]: {error.message}", id="hub.E011")
    except OSError as error:
        yield Error(f"HUB['providers']: {error}", id="hub.E011")


@register()
def database(**_: Any) -> Iterator[CheckMessage]:
    """hub.E010: the record is in the default database, and it is PostgreSQL."""
    vendor = connections["default"].vendor
    if vendor != "postgresql":
        yield Error(
            f"The hub's record needs PostgreSQL; DATABASES['default'] is {vendor}.",
            hint='Use "ENGINE": "django.db.backends.postgresql".',
            id="hub.E010",
        )


@register(Tags.database)
def database_version(databases: Collection[str] | None = None, **_: Any) -> Iterator[CheckMessage]:
    """hub.E004: PostgreSQL is too old. Only where the database may be asked: `migrate`, `check --database default`."""
    connection = connections["default"]
    if "default" in (databases or ()) and connection.vendor == "postgresql":
        version = connection.pg_version // 10_000  # type: ignore[attr-defined]  # PostgreSQL's own
        if version < OLDEST_POSTGRESQL:
            yield Error(f"The hub needs PostgreSQL {OLDEST_POSTGRESQL} or newer; this is {version}.", id="hub.E004")


@register()
def redis_address(**_: Any) -> Iterator[CheckMessage]:
    """hub.E005: there is no Redis, or what is given is no address of one."""
    if not conf.redis_url.startswith(_REDIS):
        yield Error(
            "The hub needs the address of a Redis.",
            hint='Set REDIS_URL (or HUB["redis_url"]), such as "redis://127.0.0.1:6379/0".',
            id="hub.E005",
        )


@register()
def channel_layer(**_: Any) -> Iterator[CheckMessage]:
    """hub.E006: without a channel layer no frame reaches a socket. hub.W001: one that ends at its process."""
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", "")
    hint = "Set CHANNEL_LAYERS['default'] to consumers.layer.DirectChannelLayer with your Redis as its host."
    if not layer:
        yield Error("There is no channel layer: nothing would be told live.", hint=hint, id="hub.E006")
    elif "InMemory" in layer:
        text = (
            "This channel layer ends at its process: what a worker publishes reaches no socket until it is looked for."
        )
        yield Warning(text, hint=hint, id="hub.W001")


@register()
def own_users(**_: Any) -> Iterator[CheckMessage]:
    """hub.E007: no slug. hub.E008: users have no such field to be named by."""
    if slugify(conf.tenant)[:50] != conf.tenant:
        text = f"HUB['tenant'] is {conf.tenant!r}, which is no slug."
        yield Error(text, hint="Use 1 to 50 lower-case letters, digits and hyphens.", id="hub.E007")
    user = get_user_model()
    try:
        if conf.user_id != "pk":
            user._meta.get_field(conf.user_id)
    except FieldDoesNotExist:
        yield Error(
            f"HUB['user_id'] is {conf.user_id!r}; {user.__name__} has no such field.",
            hint="Name a field that is unique and never changes; the default is 'pk'.",
            id="hub.E008",
        )
