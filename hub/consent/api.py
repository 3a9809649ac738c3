"""REST: what a subscriber agreed to."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body
from hub.api.paging import listed
from hub.api.views import ServerView
from hub.audience.selectors import get_subscriber
from hub.consent.models import Consent
from hub.consent.selectors import consents
from hub.consent.services import record_consent


class SubscriberConsents(ServerView):
    """`/subscribers/{id}/consents`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        return listed(request, consents(get_subscriber(tenant=self.caller.tenant, external_id=external_id)), _shown)

    def post(self, request: Request, external_id: str) -> Response:
        fields = body(request)
        channel = fields.choice("channel", Consent.Channel.values, required=True)
        granted = fields.flag("granted", required=True)
        source = fields.text("source", required=True)
        given_at = fields.moment("given_at")
        fields.done()
        subscriber = get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        row = record_consent(
            subscriber=subscriber, channel=str(channel), granted=granted, source=source, given_at=given_at
        )
        # that the answer names whose it is makes an erasure find it among the kept answers
        return Response(_shown(row) | {"subscriber": external_id}, status=201)


def _shown(row: Consent) -> dict[str, Any]:
    names = ("id", "channel", "granted", "source", "given_at", "created_at")
    return {name: getattr(row, name) for name in names}
