"""Which pages may act for a tenant's users: by the `Origin` that a browser adds, alike for REST, event streams and sockets."""

from hub.exceptions import Forbidden
from hub.tenancy.models import Tenant


def is_listed(tenant: Tenant, origin: str) -> bool:
    """Whether the tenant lists the origin; lists are kept in lower case."""
    return origin.lower() in tenant.allowed_origins


def is_own(origin: str, host: str | None) -> bool:
    """Whether it is a page of the hub itself: of the very host that is asked."""
    page = origin.lower().partition("://")[2]
    return bool(page) and host is not None and page == host.lower()


def check_origin(tenant: Tenant, origin: str | None, host: str | None, *, by_cookie: bool = False) -> None:
    """Raises Forbidden for a page that is neither listed nor the hub's own. What has no Origin is no page's.

    A tenant without a list lets every page in that shows a token or a key. A cookie (`by_cookie`) comes along whatever page
    asks, so there the page must be listed.
    """
    if origin is None or not (by_cookie or tenant.allowed_origins):
        return
    if not is_listed(tenant, origin) and not is_own(origin, host):
        raise Forbidden("The tenant does not list this origin.")
