"""REST: deliveries across notifications, and what could not be delivered."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import Paging, encode_cursor, page_of, paging
from hub.api.views import ServerView
from hub.exceptions import Conflict, NotFound
from hub.fallback.lists import Wanted, dead_groups, delivery_ids, with_context
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.fallback.reasons import CONTENT, SENTENCES
from hub.fallback.selectors import get_delivery
from hub.fallback.services import replay, replay_dead_letters, retry
from hub.fallback.words import Asked, Words, words_of
from hub.policy.masking import mask
from hub.tenancy.models import Tenant

MOST_REPLAYED = 1000


class DeliveryList(ServerView):
    """`/deliveries`"""

    resource = "deliveries"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        wanted = Wanted(
            state=fields.choice("state", Delivery.State.values),
            notification=fields.identifier("notification"),
            subscriber=fields.text("subscriber") or None,
            **_kind(fields),
        )
        fields.done()
        return Response(_page(self.caller.tenant, wanted, paged))


class DeliveryDetail(ServerView):
    """`/deliveries/{id}`"""

    resource = "deliveries"

    def get(self, request: Request, delivery_id: UUID) -> Response:
        query(request).done()
        return Response(_full(get_delivery(tenant=self.caller.tenant, delivery_id=delivery_id)))


class DeliveryRetry(ServerView):
    """`/deliveries/{id}/retry`"""

    resource = "deliveries"

    def post(self, request: Request, delivery_id: UUID) -> Response:
        body(request).done()
        return Response(_full(retry(tenant=self.caller.tenant, delivery_id=delivery_id)), status=202)


class DeadLetterList(ServerView):
    """`/dead-letters`"""

    resource = "deliveries"

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        wanted = Wanted(state=Delivery.State.DEAD, **_kind(fields))
        fields.done()
        return Response(_page(self.caller.tenant, wanted, paged))


class DeadLetterGroups(ServerView):
    """`/dead-letters/groups`"""

    resource = "deliveries"

    def get(self, request: Request) -> Response:
        query(request).done()
        groups = [
            {"channel": channel, "reason": reason, "explanation": SENTENCES.get(reason), "number": number}
            for channel, reason, number in dead_groups(tenant=self.caller.tenant)
        ]
        return Response(page_of(groups, None))


class DeadLettersReplay(ServerView):
    """`/dead-letters/replay`"""

    resource = "deliveries"

    def post(self, request: Request) -> Response:
        fields = body(request)
        wanted = Wanted(state=Delivery.State.DEAD, **_kind(fields))
        limit = fields.whole("limit", default=MOST_REPLAYED, low=1, high=MOST_REPLAYED)
        fields.done()
        replayed, more = replay_dead_letters(tenant=self.caller.tenant, wanted=wanted, limit=limit)
        return Response({"replayed": replayed, "more": more}, status=202)


class DeadLetterReplay(ServerView):
    """`/dead-letters/{id}/replay`"""

    resource = "deliveries"

    def post(self, request: Request, delivery_id: UUID) -> Response:
        body(request).done()
        tenant = self.caller.tenant
        state = Delivery.objects.filter(tenant=tenant, pk=delivery_id).values_list("state", flat=True).first()
        if state not in (Delivery.State.DEAD, Delivery.State.REPLAYED):
            raise NotFound("There is no such dead letter.")
        if not replay(tenant=tenant, delivery_ids=[delivery_id], states=(Delivery.State.DEAD,)):
            raise Conflict("It has been replayed already.")
        return Response({"replayed": 1}, status=202)


def _kind(fields: Fields) -> dict[str, Any]:
    """The filters that every list here has."""
    return {
        "channel": fields.text("channel") or None,
        "reason": fields.choice("reason", SENTENCES),
        "since": fields.moment("since"),
        "until": fields.moment("until"),
    }


def _page(tenant: Tenant, wanted: Wanted, paged: Paging) -> dict[str, Any]:
    ids = delivery_ids(tenant=tenant, wanted=wanted, limit=paged.limit + 1, after=paged.after)
    page = ids[: paged.limit]
    following = encode_cursor(page[-1] if len(ids) > len(page) else None)
    rows = with_context(page)
    words = _words(rows)
    return page_of([_brief(row, words) for row in rows], following)


def _words(rows: Iterable[Delivery]) -> Mapping[UUID, Words]:
    """Of those that died of their words."""
    return words_of({d.pk: Asked(d.notification, d.channel, d.item.locale) for d in rows if d.reason == CONTENT})


def _brief(delivery: Delivery, words: Mapping[UUID, Words]) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "notification": delivery.notification_id,
        "event": delivery.notification.event,
        "subscriber": delivery.subscriber.external_id,
        "channel": delivery.channel,
        "state": delivery.state,
        "reason": delivery.reason or None,
        "explanation": SENTENCES.get(delivery.reason),
        "problem": words[delivery.pk].problem if delivery.pk in words else None,
        "attempts": delivery.attempts + delivery.unknowns,
        "generation": delivery.generation,
        "step": delivery.step,
        "due_at": delivery.due_at,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }


def _full(delivery: Delivery) -> dict[str, Any]:
    return _brief(delivery, _words([delivery])) | {
        "destinations": [_destination(row) for row in delivery.destinations.all()]
    }


def _destination(destination: DeliveryDestination) -> dict[str, Any]:
    return {
        "address": mask(destination.address),
        "outcome": destination.outcome,
        "fate": destination.fate or None,
        "provider_message_id": destination.provider_message_id or None,
        "attempts": [_attempt(row) for row in destination.attempts.all()],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "provider": attempt.provider,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "outcome": attempt.outcome or None,
        "code": attempt.code or None,
        "answer": attempt.answer or None,
    }
