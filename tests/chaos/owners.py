"""Whose credentials a check asks with: tenants that have one of everything, and the hub's operator."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from hub.api.openapi.document import Operation
from tests.bench.world import World
from tests.chaos.changed import settings

OPERATOR = "the-operator-of-this-check"
_ENOUGH = 1_000_000  # requests at once
_RATES = {f"{who}_{what}": _ENOUGH for who in ("server", "user", "guess") for what in ("rate", "burst")}
# of a hub that lets everybody ask as fast as they like
UNLIMITED = settings(**_RATES)
ENVIRONMENT = UNLIMITED | {"HUB_OPERATOR_TOKEN": OPERATOR}


@dataclass(frozen=True)
class Owner:
    """A tenant's credentials, its user's, and one of everything: path parameter → value (see `tests.support.belongings`)."""

    tenant: str
    api_key: str
    token: str
    named: dict[str, str]


def owners(its: World, number: int) -> list[Owner]:
    """New tenants. Once a world."""
    file = its.folder / "belongings.json"
    its.hub.run("-m", "tests.support.belongings", str(number), str(file))
    return [Owner(**made) for made in json.loads(file.read_text())]


def callers(operation: Operation, three: list[Owner]) -> Iterator[tuple[Owner, str]]:
    """Whose server, whose user, and whose operator may ask, each with the credential: three tenants, so that none can lock
    another out."""
    server, user, theirs = three
    kinds = {name for needs in operation.spec["security"] for name in needs}
    if "server_key" in kinds:
        yield server, server.api_key
    if "user_token" in kinds:
        yield user, user.token
    if "operator_token" in kinds:
        yield theirs, OPERATOR
    if not kinds:
        yield server, ""
