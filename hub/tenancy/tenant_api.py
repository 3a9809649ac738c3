"""REST: tenants, registered and suspended by whoever runs the hub."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.authentication import (
    ApiKeyAuthentication,
    OpenRegistration,
    Operator,
    OperatorAuthentication,
    Server,
)
from hub.api.body import Fields, body, query
from hub.api.paging import page_of, paging
from hub.api.views import SAFE, HubView
from hub.clock import now
from hub.exceptions import Forbidden, NotFound
from hub.tenancy.models import Tenant
from hub.tenancy.selectors import get_tenant
from hub.tenancy.services import (
    MAX_NAME,
    MAX_OFFSET,
    MAX_ORIGINS,
    Changes,
    change_tenant,
    register_tenant,
    resume_tenant,
    set_clock,
    suspend_tenant,
)

# of what can be changed: what null takes away
_TAKEN_AWAY = ("sms_hours", "branding", "email_layout")


class TenantList(HubView):
    """`/tenants`"""

    authentication_classes = [OpenRegistration, OperatorAuthentication, ApiKeyAuthentication]
    secrets = ("api_key", "signing_secret")

    def check_permissions(self, request: Request) -> None:
        if not isinstance(request.user, Operator):
            raise Forbidden("This takes the operator's token.")

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        status = fields.choice("status", Tenant.Status.values)
        fields.done()
        tenants = Tenant.objects.all() if status is None else Tenant.objects.filter(status=status)
        rows, following = paged.page(tenants)
        return Response(page_of([_shown(row) for row in rows], following))

    def post(self, request: Request) -> Response:
        fields = body(request)
        slug = fields.text("slug", required=True)
        name = fields.text("name", required=True, limit=MAX_NAME)
        origins = fields.texts("allowed_origins", most=MAX_ORIGINS)
        sandbox = fields.flag("sandbox")
        fields.done()
        made = register_tenant(slug=slug, name=name, allowed_origins=origins, sandbox=sandbox)
        credentials = {
            "api_key": made.api_key,
            "signing_key": made.signing_key.pk,
            "signing_secret": made.signing_key.key,
        }
        return Response(_shown(get_tenant(slug=slug)) | credentials, status=201)


class TenantDetail(HubView):
    """`/tenants/{slug}`: for the operator any, for a server its own."""

    authentication_classes = [OperatorAuthentication, ApiKeyAuthentication]

    def check_permissions(self, request: Request) -> None:
        """A stranger's tenant is no tenant at all."""
        if isinstance(request.user, Server):
            if request.user.tenant.slug != self.kwargs["slug"]:
                raise NotFound("There is no such tenant.")
            request.user.need(f"tenant:{'read' if request.method in SAFE else 'write'}")

    def get(self, request: Request, slug: str) -> Response:
        query(request).done()
        return Response(_shown(get_tenant(slug=slug)))

    def patch(self, request: Request, slug: str) -> Response:
        fields = body(request)
        status, changes = fields.choice("status", Tenant.Status.values), _changes(fields)
        fields.done()
        if (status is not None or "sandbox" in changes) and not isinstance(request.user, Operator):
            raise Forbidden("Only the operator suspends, resumes, and says what is a sandbox.")
        tenant = get_tenant(slug=slug)
        with transaction.atomic():
            change_tenant(tenant=tenant, **changes)
            if status is not None:
                (suspend_tenant if status == Tenant.Status.SUSPENDED else resume_tenant)(tenant=tenant)
        return Response(_shown(get_tenant(slug=slug)))


class TenantClock(TenantDetail):
    """`/tenants/{slug}/clock`: a sandbox's own time, for tests of what waits."""

    # without the PATCH of a tenant
    http_method_names = ["get", "put", "head", "options"]

    def get(self, request: Request, slug: str) -> Response:
        query(request).done()
        return Response(_time(get_tenant(slug=slug)))

    def put(self, request: Request, slug: str) -> Response:
        fields = body(request)
        seconds = fields.whole("offset", default=0, low=0, high=int(MAX_OFFSET.total_seconds()))
        fields.done()
        set_clock(tenant=get_tenant(slug=slug), offset=timedelta(seconds=seconds))
        return Response(_time(get_tenant(slug=slug)))


def _changes(fields: Fields) -> Changes:
    """What a body changes of a tenant. Null changes nothing, but for what it takes away."""
    given = fields.given(*Changes.__annotations__)
    read: Changes = {
        "name": fields.text("name", required="name" in given, limit=MAX_NAME),
        "allowed_origins": fields.texts("allowed_origins", required="allowed_origins" in given, most=MAX_ORIGINS),
        "sandbox": fields.flag("sandbox"),
        "consent_required": fields.flag("consent_required"),
        "sms_hours": fields.any("sms_hours"),
        "branding": fields.any("branding"),
        "email_layout": fields.text("email_layout"),
        "read_on": fields.choice("read_on", Tenant.ReadOn.values) or "",
    }
    return {name: read[name] for name, value in given.items() if value is not None or name in _TAKEN_AWAY}  # type: ignore[return-value,literal-required]


def _time(tenant: Tenant) -> dict[str, Any]:
    return {"now": now(tenant.pk), "offset": int(tenant.clock_offset.total_seconds()), "sandbox": tenant.sandbox}


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.pk,
        "slug": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "sandbox": tenant.sandbox,
        "allowed_origins": tenant.allowed_origins,
        "consent_required": tenant.consent_required,
        "sms_hours": tenant.sms_hours or None,
        "branding": tenant.branding or None,
        "email_layout": tenant.email_layout or None,
        "read_on": tenant.read_on,
        "created_at": tenant.created_at,
    }
