"""REST: what could not be delivered."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.exceptions import Conflict, NotFound
from hub.fallback.models import Delivery
from hub.fallback.reasons import SENTENCES
from hub.fallback.selectors import dead_letters
from hub.fallback.services import replay


class DeadLetterList(ServerView):
    """`/dead-letters`"""

    resource = "deliveries"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        chosen = {"channel": fields.text("channel"), "reason": fields.text("reason")}
        fields.done()
        found = dead_letters(tenant=self.caller.tenant).filter(**{k: v for k, v in chosen.items() if v})
        rows, following = paged.page(found)
        return Response(page_of([_shown(row) for row in rows], following))


class DeadLetterReplay(ServerView):
    """`/dead-letters/{id}/replay`"""

    resource = "deliveries"

    def post(self, request: Request, delivery_id: UUID) -> Response:
        body(request).done()
        tenant = self.caller.tenant
        if not Delivery.objects.filter(tenant=tenant, pk=delivery_id, state=Delivery.State.DEAD).exists():
            raise NotFound("There is no such dead letter.")
        if not replay(tenant=tenant, delivery_ids=[delivery_id]):
            raise Conflict("It has been replayed already.")
        return Response({"replayed": 1}, status=202)


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "notification": delivery.notification_id,
        "event": delivery.notification.event,
        "subscriber": delivery.subscriber.external_id,
        "channel": delivery.channel,
        "reason": delivery.reason,
        "explanation": SENTENCES.get(delivery.reason),
        "attempts": delivery.attempts + delivery.unknowns,
        "generation": delivery.generation,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }
