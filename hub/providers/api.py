"""REST: a tenant's accounts with providers."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.callbacks.addresses import callback_url
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import of_row
from hub.providers.circuits import Shown, shown_circuits
from hub.providers.kinds import kind_class, kinds, settings_of
from hub.providers.models import Provider
from hub.providers.selectors import get_provider, providers
from hub.providers.services import change_provider, create_provider, delete_provider
from hub.providers.settings import RATE, shown
from hub.providers.testing import try_out

# what a kind declares, for people: see docs/adding-a-provider.md
CAPABILITIES = ("batch_size", "concurrency", "rate", "idempotency", "limits")


class ProviderList(ServerView):
    """`/providers`"""

    resource = "providers"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        channel = fields.choice("channel", list(CHANNELS))
        fields.done()
        rows, following = paged.page(providers(tenant=self.caller.tenant, channel=channel))
        return Response(page_of(_all_shown(rows), following))

    def post(self, request: Request) -> Response:
        fields = body(request)
        key, kind = fields.text("key", required=True), fields.text("kind", required=True)
        given = _given(fields)
        return Response(_shown(create_provider(tenant=self.caller.tenant, key=key, kind=kind, **given)), status=201)


class ProviderDetail(ServerView):
    """`/providers/{key}`"""

    resource = "providers"

    def get(self, request: Request, key: str) -> Response:
        query(request).done()
        return Response(_shown(get_provider(tenant=self.caller.tenant, key=key)))

    def patch(self, request: Request, key: str) -> Response:
        """Change what the body names; secrets that `config` leaves out stay."""
        return Response(_shown(change_provider(tenant=self.caller.tenant, key=key, **_given(body(request)))))

    def delete(self, request: Request, key: str) -> Response:
        delete_provider(tenant=self.caller.tenant, key=key)
        return Response(status=204)


class ProviderTest(ServerView):
    """`/providers/{key}/test`"""

    resource = "providers"

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        to, subscriber = fields.text("to", limit=512), fields.text("subscriber", limit=255)
        fields.done()
        return Response(asdict(try_out(get_provider(tenant=self.caller.tenant, key=key), to=to, subscriber=subscriber)))


class ProviderKinds(ServerView):
    """`/provider-kinds`"""

    resource = "providers"

    def get(self, request: Request) -> Response:
        query(request).done()
        return Response({"items": [_kind(kind) for kind in sorted(kinds())]})


def _given(fields: Fields) -> dict[str, Any]:
    given = fields.given("position", "active", "config")
    fields.done()
    return {name: value for name, value in given.items() if value is not None}


def _shown(row: Provider) -> dict[str, Any]:
    return _all_shown([row])[0]


def _all_shown(rows: Sequence[Provider]) -> list[dict[str, Any]]:
    circuits = shown_circuits([of_row(row).circuit for row in rows])
    return [_with_circuit(row, circuits[of_row(row).circuit]) for row in rows]


def _with_circuit(row: Provider, circuit: Shown) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("key", "kind", "channel", "position", "active")},
        "state": circuit.state,
        "until": circuit.until,
        "config": shown(settings_of(row.kind), row.config),
        "callback_url": callback_url(of_row(row)) or None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _kind(kind: str) -> dict[str, Any]:
    found = kind_class(kind)
    return {
        "kind": kind,
        "channel": found.channel,
        "capabilities": {name: getattr(found, name) for name in CAPABILITIES},
        "settings": [asdict(one) for one in (*found.settings, RATE)],
    }
