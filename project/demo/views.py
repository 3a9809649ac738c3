"""The demo's page, and the two things that an application's own backend does for it: sign tokens, and notify."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

import hub
from hub.audience.models import Subscriber
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant
from hub.tenancy.tokens import mint

TENANT = "demo"
USERS = ("alice", "bob")
TOKEN_LIFE = timedelta(hours=1)
FIELDS = ("title", "body", "action_url")


@never_cache
@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Both users' inboxes and a form."""
    users = list(_users().order_by("external_id"))
    data = {"api": "/api/v1", "token": reverse("demo:token"), "notify": reverse("demo:notify")}
    context = {"users": users, "mailbox_url": settings.HUB_MAILBOX_URL, "data": data}
    response = render(request, "demo/index.html", context)
    response["Content-Security-Policy"] = _policy(request.get_host())
    return response


@never_cache
@require_GET
def token(request: HttpRequest) -> JsonResponse:
    """`?user=alice` → `{"token"}`: a user token, as the SDK's `getToken` wants it."""
    subscriber = get_object_or_404(_users(), external_id=request.GET.get("user", ""))
    return JsonResponse({"token": mint(subscriber=subscriber, ttl=TOKEN_LIFE)})


@require_POST
def notify(request: HttpRequest) -> JsonResponse:
    """`{"to": ["bob"], "title", "body", "action_url"}` → 202 `{"id"}`, or 422 `{"errors": [{"field", "message"}]}`."""
    try:
        notification_id = _notify(_object(request.body))
    except InvalidRequest as problem:
        errors = [{"field": error.field, "message": error.message} for error in problem.errors]
        return JsonResponse({"errors": errors}, status=422)
    return JsonResponse({"id": notification_id}, status=202)


def _notify(wanted: dict[str, Any]) -> str:
    to = wanted.get("to")
    if not isinstance(to, list) or not to or not set(map(str, to)) <= set(USERS):
        raise InvalidRequest.on("to", f"Choose from {', '.join(USERS)}.")
    tenant = get_object_or_404(Tenant, slug=TENANT)
    content = {field: wanted.get(field, "") for field in FIELDS}
    with transaction.atomic():
        return str(hub.notify(tenant=tenant, to=to, creator="demo", **content).pk)


def _object(body: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(body)
    except ValueError as error:
        raise InvalidRequest.on("body", "Send JSON.") from error
    if not isinstance(wanted, dict):
        raise InvalidRequest.on("body", "Send an object.")
    return wanted


def _users() -> QuerySet[Subscriber]:
    return Subscriber.objects.filter(tenant__slug=TENANT, external_id__in=USERS).select_related("tenant")


def _policy(host: str) -> str:
    """Nothing inline, nothing from elsewhere. Older browsers don't take 'self' for sockets."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; "
        f"connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
