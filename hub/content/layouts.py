"""The layout around a tenant's mails that name none themselves: it does whatever a mail says, or it is no default."""

from typing import Any

from hub.content.parts import published_parts
from hub.content.render import render
from hub.exceptions import Conflict, InvalidRequest
from hub.tenancy.models import Tenant

_FIELD = "email_layout"


def check_default_layout(*, tenant: Tenant, key: str) -> str:
    """`key`, if it may be the tenant's default: empty, or a layout that is published, and can be filled without
    anything of a notification's own. Raises InvalidRequest below `email_layout`, naming each variable that it needs."""
    if not key:
        return key
    parts = published_parts(tenant=tenant, keys=[key])
    if key not in parts.layouts:
        raise InvalidRequest.on(_FIELD, f"There is no layout {key} that is published.", "not_found")
    mail: dict[str, Any] = {"template": {"layout": key}, "channels": ["email"], "given": {"title": "Hello"}}
    try:
        for locale in ("", *parts.contents[key].get("locales", {})):
            render(tenant=tenant, parts=parts, locale=locale, **mail).whole()
    except InvalidRequest as error:
        raise error.under(_FIELD) from None
    return key


def keep_default_layout(tenant: Tenant) -> None:
    """Raise Conflict if what was just done leaves the tenant's default layout in no state to go around mails."""
    if not tenant.email_layout:
        return
    try:
        check_default_layout(tenant=tenant, key=tenant.email_layout)
    except InvalidRequest as error:
        raise Conflict(f"The tenant's default layout would not work any more: {error.message}") from error
