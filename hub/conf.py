"""The hub's settings: one typed, frozen object over Django's `HUB` dict. Unknown keys are a system check error (hub.E001)."""

from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

Ladder = list[dict[str, Any]]

# The tenant's built-in type: in the app at once; who is absent gets a push at once, and an email when it is still unread
# after ten minutes. A step without a destination hands its turn on.
MESSAGE_LADDER: Ladder = [
    {"channel": "push", "after": 60, "unless": "focused"},
    {"channel": "email", "after": 600, "unless": "read"},
]


@dataclass(frozen=True, slots=True)
class Conf:
    """Every setting, with its default. Durations are in seconds, sizes in bytes unless the name says otherwise."""

    # in a project of its own: the slug of the tenant that the project is, and the field of its users that names a subscriber
    tenant: str = ""
    user_id: str = "pk"
    # True: every user that is saved becomes a subscriber at once, not only on first use
    sync_users: bool = False
    # defaults to the setting REDIS_URL
    redis_url: str = ""
    # False: no hints to Celery, as the workers are `manage.py hub_worker`. None are sent either where Celery has no broker
    celery: bool = True

    # accounts with providers that serve every tenant without its own on their channel, in the order in which they are tried:
    # key → {"kind", and what the kind asks for}
    providers: dict[str, dict[str, Any]] = field(default_factory=lambda: {"mail": {"kind": "django"}})
    # kinds of a project's own: kind → dotted path of its class
    provider_kinds: dict[str, str] = field(default_factory=dict)
    public_url: str = "http://127.0.0.1:8000"
    from_email: str = "Notification Hub <hub@localhost>"
    message_ladder: Ladder = field(default_factory=lambda: MESSAGE_LADDER)

    # fan-out
    fan_out_batch: int = 500
    fan_out_inline_limit: int = 50

    # live edge
    ping_interval: float = 25.0
    hello_timeout: float = 5.0
    gap_wait: float = 0.05
    head_check_interval: float = 10.0
    catch_up_limit: int = 2_000
    socket_queue: int = 256
    # sockets and event streams that one process has at once
    connections_per_subscriber: int = 20
    connections_per_address: int = 1_000
    presence_lease: float = 15.0
    presence_refresh: float = 5.0
    publish_timeout: float = 1.0
    max_frame: int = 16 * 1024
    user_token_max_age: int = 24 * 3600

    # fall back
    # calls at once, in one process, of one provider on a lane; a lane has places for twice as many deliveries, and a fifth more
    delivery_concurrency: int = 200
    delivery_lease: int = 60
    provider_timeout: int = 15
    ack_grace: int = 60
    redis_down_grace: int = 30
    retry_first: int = 60
    retry_max: int = 300
    retry_attempts: int = 5
    # so many failures in a row put an account to rest, for so long; then one call tries it out
    breaker_failures: int = 5
    breaker_rest: float = 300.0
    sweep_interval: float = 1.0
    # a token of FCM that nobody has refreshed for so long is pushed to no more: Google takes it for dead by then
    device_max_age: int = 270 * 24 * 3600

    # webhooks: calls in flight at an endpoint, and of a worker; how long what was delivered or given up is kept
    webhook_concurrency: int = 10
    webhook_in_flight: int = 200
    webhook_retention: int = 30 * 24 * 3600

    # seconds for which a provider's calls are kept after they have been worked through
    callback_retention: int = 7 * 24 * 3600

    # what tenants choose: addresses to call, keys to verify with
    # exact host:port of emulators, which may have http and any address; for demo and test
    outbound_exempt: tuple[str, ...] = ()
    # a document of an issuer's keys is asked for again after at most `jwks_max_age`, and at least `jwks_refetch`, seconds
    jwks_max_age: int = 3600
    jwks_refetch: int = 10
    jwks_timeout: float = 3.0

    # REST
    # registers and suspends tenants; empty: nobody may
    operator_token: str = ""
    # whether anybody may register a tenant
    open_registration: bool = False
    # requests a second, and at once, of an API key, of a subscriber, and of bad credentials from one address
    server_rate: float = 1000.0
    server_burst: int = 2000
    user_rate: float = 20.0
    user_burst: int = 60
    guess_rate: float = 10.0
    guess_burst: int = 100
    max_body: int = 1024 * 1024
    idempotency_ttl: int = 24 * 3600
    wake_ttl: int = 5


class _LazyConf:
    """Reads Django's settings on first use and again when a test overrides them."""

    def __getattr__(self, name: str) -> Any:
        """Only for what isn't there yet: from then on all are attributes like any other."""
        known = {f.name for f in fields(Conf)}
        overlay = {"redis_url": getattr(settings, "REDIS_URL", "")} | getattr(settings, "HUB", {})
        made = Conf(**{key: value for key, value in overlay.items() if key in known})
        self.__dict__.update({key: getattr(made, key) for key in known})
        return getattr(made, name)

    def reset(self, *, setting: str, **_: object) -> None:
        if setting in ("HUB", "REDIS_URL"):
            self.__dict__.clear()


_lazy = _LazyConf()
setting_changed.connect(_lazy.reset)
conf: Conf = _lazy  # type: ignore[assignment]
