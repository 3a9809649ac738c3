"""`manage.py hub_dead_letters groups|list|replay --tenant acme`: what could not be delivered, from a terminal."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from hub.clock import now
from hub.exceptions import HubError
from hub.fallback.lists import Wanted, dead_groups, delivery_ids, with_context
from hub.fallback.models import Delivery
from hub.fallback.reasons import DEAD, SENTENCES
from hub.fallback.services import replay, replay_dead_letters
from hub.policy.ladder import CHANNELS
from hub.tenancy.models import Tenant
from hub.tenancy.selectors import get_tenant

# replayed in one transaction
AT_ONCE = 1_000


class Command(BaseCommand):
    """Looks at a tenant's dead letters, and sends them again."""

    help = "Count a tenant's dead letters by cause, list them, or send one, those of a cause or all of them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        groups, rows, again = (
            actions.add_parser("groups", help="how many there are of each cause"),
            actions.add_parser("list", help="the newest of them"),
            actions.add_parser("replay", help="send again: these ids, a cause, or --all"),
        )
        for action in (groups, rows, again):
            action.add_argument("--tenant", required=True, help="the tenant's slug")
        for action in (rows, again):
            action.add_argument("--channel", choices=CHANNELS)
            action.add_argument("--reason", choices=sorted(DEAD))
        rows.add_argument("--limit", type=int, default=50)
        again.add_argument("ids", nargs="*", type=UUID, metavar="ID")
        again.add_argument("--all", action="store_true", help="whatever the cause")

    def handle(self, *_: Any, action: str, tenant: str, **options: Any) -> None:
        try:
            getattr(self, action)(get_tenant(slug=tenant), options)
        except HubError as error:
            raise CommandError(error.message) from error

    def groups(self, tenant: Tenant, _: dict[str, Any]) -> None:
        """A line each: how many, channel, reason, what that means."""
        for channel, reason, number in dead_groups(tenant=tenant):
            self.stdout.write(f"{number:>8}  {channel:<6}  {reason:<18}  {SENTENCES.get(reason, '')}")

    def list(self, tenant: Tenant, options: dict[str, Any]) -> None:
        """A line each, newest first: id, when, channel, reason, event and subscriber."""
        for row in with_context(delivery_ids(tenant=tenant, wanted=_wanted(options), limit=max(options["limit"], 0))):
            when = f"{row.finished_at:%Y-%m-%d %H:%M:%S}" if row.finished_at else ""
            what = f"{row.notification.event} to {row.subscriber.external_id}"
            self.stdout.write(f"{row.pk}  {when:<19}  {row.channel:<6}  {row.reason:<18}  {what}")

    def replay(self, tenant: Tenant, options: dict[str, Any]) -> None:
        """Say how many go out again."""
        cause = options["channel"] or options["reason"]
        if sum(map(bool, (options["ids"], cause, options["all"]))) != 1:
            raise CommandError("Name ids, or a cause (--channel, --reason), or --all.")
        number = _these(tenant, options["ids"]) if options["ids"] else _all(tenant, options)
        self.stdout.write(f"{number} sent again")


def _wanted(options: dict[str, Any], until: datetime | None = None) -> Wanted:
    return Wanted(state=Delivery.State.DEAD, channel=options["channel"], reason=options["reason"], until=until)


def _these(tenant: Tenant, ids: list[UUID]) -> int:
    return replay(tenant=tenant, delivery_ids=ids, states=(Delivery.State.DEAD,))


def _all(tenant: Tenant, options: dict[str, Any]) -> int:
    """Those that there are now: what is sent again and dies again meanwhile is not sent a third time."""
    wanted = _wanted(options, until=now())
    number, more = replay_dead_letters(tenant=tenant, wanted=wanted, limit=AT_ONCE)
    while more:
        again, more = replay_dead_letters(tenant=tenant, wanted=wanted, limit=AT_ONCE)
        number, more = number + again, more and again > 0
    return number
