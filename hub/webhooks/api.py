"""REST: a tenant's webhooks, what they were told, and telling it again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import listed, page_of, paging
from hub.api.views import ServerView
from hub.exceptions import InvalidRequest
from hub.ids import parse_uuid
from hub.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from hub.webhooks.selectors import deliveries, get_webhook, get_webhook_delivery, webhooks
from hub.webhooks.services import (
    MAX_PATTERNS,
    change_webhook,
    create_webhook,
    delete_webhook,
    redeliver,
    rotate_secret,
    send_test,
)

# seconds for which posts are signed with the old secret too
DEFAULT_OVERLAP, MAX_OVERLAP = 24 * 3600, 30 * 24 * 3600
MAX_IDS = 100


class WebhookList(ServerView):
    """`/webhooks`"""

    resource = "webhooks"
    secrets = ("secret",)

    def get(self, request: Request) -> Response:
        return listed(request, webhooks(tenant=self.caller.tenant), _shown)

    def post(self, request: Request) -> Response:
        fields = body(request)
        url, sns = fields.text("url"), fields.object("sns")
        events = fields.texts("events", required=True, most=MAX_PATTERNS)
        description = fields.text("description")
        fields.done()
        made = create_webhook(tenant=self.caller.tenant, url=url, sns=sns, events=events, description=description)
        return Response(_shown(made) | {"secret": made.secret}, status=201)


class WebhookDetail(ServerView):
    """`/webhooks/{id}`"""

    resource = "webhooks"

    def get(self, request: Request, webhook_id: UUID) -> Response:
        query(request).done()
        return Response(_shown(get_webhook(tenant=self.caller.tenant, webhook_id=webhook_id)))

    def patch(self, request: Request, webhook_id: UUID) -> Response:
        fields = body(request)
        given = fields.given("url", "sns", "events", "description", "enabled")
        changes: dict[str, Any] = {
            "url": fields.text("url"),
            "sns": fields.object("sns"),
            "events": fields.texts("events", most=MAX_PATTERNS),
            "description": fields.text("description"),
            "enabled": fields.flag("enabled"),
        }
        fields.done()
        wanted = {name: value for name, value in changes.items() if given.get(name) is not None}
        return Response(_shown(change_webhook(tenant=self.caller.tenant, webhook_id=webhook_id, **wanted)))

    def delete(self, request: Request, webhook_id: UUID) -> Response:
        delete_webhook(tenant=self.caller.tenant, webhook_id=webhook_id)
        return Response(status=204)


class WebhookRotate(ServerView):
    """`/webhooks/{id}/rotate`"""

    resource = "webhooks"
    secrets = ("secret",)

    def post(self, request: Request, webhook_id: UUID) -> Response:
        fields = body(request)
        overlap = fields.whole("overlap", default=DEFAULT_OVERLAP, low=0, high=MAX_OVERLAP)
        fields.done()
        rotated = rotate_secret(tenant=self.caller.tenant, webhook_id=webhook_id, overlap=timedelta(seconds=overlap))
        return Response(_shown(rotated) | {"secret": rotated.secret})


class WebhookTest(ServerView):
    """`/webhooks/{id}/test`"""

    resource = "webhooks"

    def post(self, request: Request, webhook_id: UUID) -> Response:
        body(request).done()
        return Response(_shown_delivery(send_test(tenant=self.caller.tenant, webhook_id=webhook_id)), status=202)


class WebhookDeliveryList(ServerView):
    """`/webhooks/{id}/deliveries`"""

    resource = "webhooks"

    def get(self, request: Request, webhook_id: UUID) -> Response:
        fields = query(request)
        paged = paging(fields)
        state = fields.choice("state", WebhookDelivery.State.values)
        fields.done()
        webhook = get_webhook(tenant=self.caller.tenant, webhook_id=webhook_id)
        rows, following = paged.page(deliveries(webhook=webhook, state=state))
        return Response(page_of([_shown_delivery(row) for row in rows], following))


class WebhookDeliveryDetail(ServerView):
    """`/webhooks/{id}/deliveries/{id}`"""

    resource = "webhooks"

    def get(self, request: Request, webhook_id: UUID, delivery_id: UUID) -> Response:
        query(request).done()
        tenant = self.caller.tenant
        row = get_webhook_delivery(tenant=tenant, webhook_id=webhook_id, delivery_id=delivery_id)
        tries = sorted(row.tries.all(), key=lambda one: one.fence)
        return Response(_shown_delivery(row) | {"attempts": [_shown_attempt(one) for one in tries]})


class WebhookRedeliver(ServerView):
    """`/webhooks/{id}/redeliver`"""

    resource = "webhooks"

    def post(self, request: Request, webhook_id: UUID) -> Response:
        fields = body(request)
        ids = _ids(fields)
        since = fields.moment("since")
        fields.done()
        if bool(ids) == (since is not None):
            raise InvalidRequest.on("deliveries", "Give either deliveries or since.")
        number = redeliver(tenant=self.caller.tenant, webhook_id=webhook_id, delivery_ids=ids, since=since)
        return Response({"redelivered": number}, status=202)


def _ids(fields: Fields) -> list[UUID]:
    given = [parse_uuid(text) for text in fields.texts("deliveries", most=MAX_IDS)]
    if None in given:
        fields.wrong("deliveries", "Must all be ids.")
    return [one for one in given if one is not None]


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "sns": {"topic_arn": webhook.topic_arn, "access_key_id": webhook.access_key_id} if webhook.topic_arn else None,
        "events": webhook.events,
        "description": webhook.description,
        "enabled": webhook.disabled_at is None,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason or None,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "previous_secret_until": webhook.previous_until,
        "created_at": webhook.created_at,
    }


def _shown_delivery(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "type": row.type,
        "timestamp": row.at,
        "data": row.data,
        "state": row.state,
        "reason": row.reason or None,
        "due_at": row.due_at if row.state == WebhookDelivery.State.WAITING else None,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def _shown_attempt(one: WebhookAttempt) -> dict[str, Any]:
    return {
        "started_at": one.started_at,
        "finished_at": one.finished_at,
        "status": one.status,
        "answer": one.answer,
    }
