"""REST: the suppression list."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.exceptions import Conflict
from hub.policy.masking import mask
from hub.suppression.digests import NORMAL
from hub.suppression.models import Suppression
from hub.suppression.selectors import suppressions
from hub.suppression.services import Entry, lift, suppress


class Suppressions(ServerView):
    """`/suppressions`"""

    resource = "suppressions"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        channel = fields.choice("channel", Suppression.Channel.values)
        reason = fields.choice("reason", Suppression.Reason.values)
        address = fields.text("address") or None
        if address and not channel:
            fields.wrong("channel", "Say on which channel.", "required")
        fields.done()
        address = NORMAL[channel](address, field="address") if address and channel else None
        found = suppressions(tenant=self.caller.tenant, channel=channel, reason=reason, address=address)
        rows, following = paged.page(found)
        return Response(page_of([_shown(row) for row in rows], following))

    def put(self, request: Request) -> Response:
        fields = body(request)
        reason = fields.choice("reason", Suppression.Reason.values) or Suppression.Reason.MANUAL
        channel, address = _named(fields)
        tenant = self.caller.tenant
        suppress([Entry(tenant.pk, channel, address, reason, "api")])
        row = suppressions(tenant=tenant, channel=channel, address=address).first()
        if row is None:
            raise Conflict("Somebody lifted it at the same moment.")
        return Response(_shown(row))

    def delete(self, request: Request) -> Response:
        channel, address = _named(body(request))
        lift(tenant=self.caller.tenant, channel=channel, address=address)
        return Response(status=204)


def _named(fields: Fields) -> tuple[str, str]:
    """The channel and the address of a body, in its one spelling."""
    channel = fields.choice("channel", Suppression.Channel.values, required=True)
    address = fields.text("address", required=True)
    fields.done()
    return str(channel), NORMAL[str(channel)](address, field="address")


def _shown(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "channel": row.channel,
        "address": None if row.address is None else mask(row.address),
        "reason": row.reason,
        "source": row.source,
        "created_at": row.created_at,
    }
