"""The accounts that serve a tenant: its own, or where it has none on a channel, those of the hub (`HUB["providers"]`)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import orjson

from hub.conf import conf
from hub.policy.ladder import CHANNELS
from hub.providers.kinds import kind_class
from hub.providers.models import Provider
from hub.rows import Question, array, columns, instances

_OF_THE_HUB = "hub."


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a provider. `id` is the same in every process; `version` changes with its `config`."""

    id: str
    kind: str
    key: str
    channel: str
    version: int = 1
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False, compare=False)

    @property
    def label(self) -> str:
        """As attempts and people name it."""
        return f"{self.kind}:{self.key}"

    @property
    def circuit(self) -> str:
        """The name of its circuit; a changed account has a new one."""
        return f"{self.id}.{self.version}"

    @property
    def is_the_hubs(self) -> bool:
        """Whether it is one of the settings', whose author may call any address, and not a tenant's."""
        return self.id.startswith(_OF_THE_HUB)


_OWN = f"""
SELECT {columns(Provider, "p")} FROM hub_provider p WHERE p.tenant_id = ANY(%s::uuid[]) AND p.channel = %s AND p.active
ORDER BY p.position, p.key
"""  # noqa: S608 constants only


def accounts(channel: str, tenant_ids: Collection[UUID]) -> Question[dict[UUID, tuple[Account, ...]]]:
    """The accounts of each tenant on `channel`, in the order in which they are to be tried."""
    own: defaultdict[UUID, list[Account]] = defaultdict(list)
    rows = yield _OWN, [array(tenant_ids), channel]
    for values in rows:
        (row,) = instances([Provider], values)
        own[row.tenant_id].append(of_row(row))
    common = hub_accounts(channel)
    return {tenant_id: tuple(own[tenant_id]) if tenant_id in own else common for tenant_id in tenant_ids}


def of_row(row: Provider) -> Account:
    """The account that a row describes."""
    return Account(str(row.pk), row.kind, row.key, row.channel, row.version, row.config)


def hub_accounts(channel: str) -> tuple[Account, ...]:
    """The hub's own accounts on `channel`, in the order of the setting."""
    given = orjson.dumps([conf.providers, conf.provider_kinds])
    return tuple(account for account in _hub_accounts(given) if account.channel == channel)


@lru_cache(maxsize=4)
def _hub_accounts(given: bytes) -> tuple[Account, ...]:
    """Read once: a secret in a file that has changed counts from the next start of the process."""
    accounts = []
    for key, account in orjson.loads(given)[0].items():
        config = {name: _read(value) for name, value in account.items() if name != "kind"}
        version = crc32(orjson.dumps(config, option=orjson.OPT_SORT_KEYS))
        kind = account["kind"]
        accounts.append(Account(_OF_THE_HUB + key, kind, key, kind_class(kind).channel, version, config))
    return tuple(accounts)


def _read(value: Any) -> Any:
    """`{"file": path}` is what the file says."""
    if isinstance(value, dict) and value.keys() == {"file"}:
        return Path(value["file"]).read_text().strip()
    return value


def channels_of(tenant_id: UUID) -> tuple[str, ...]:
    """The channels on which a tenant has somebody to carry its messages, in the order of `CHANNELS`."""
    own = set(Provider.objects.filter(tenant=tenant_id, active=True).values_list("channel", flat=True))
    return tuple(name for name in CHANNELS if name in own or hub_accounts(name))
