"""REST: templates, what they would say, and their versions."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import page_of, paging
from hub.api.views import ServerView
from hub.content.models import Template, TemplateVersion
from hub.content.preview import preview
from hub.content.sources import TEXTS
from hub.content.templates import (
    change_template,
    changed,
    create_template,
    delete_template,
    get_template,
    replace_template,
    templates,
)
from hub.content.versions import MAX_NUMBER, get_version, publish, roll_back, versions

CONTENT: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "actions": [],
    "layout": "",
    "channels": {},
    "locales": {},
    "schema": {},
    "example": None,
}
EMPTY: dict[str, Any] = {"name": "", "kind": Template.Kind.MESSAGE, **CONTENT}


class TemplateView(ServerView):
    """What the views of templates share."""

    resource = "templates"

    def written(self, found: Template, *, publish_it: bool) -> dict[str, Any]:
        """The template, published if that is wished."""
        if publish_it:
            publish(tenant=self.caller.tenant, key=found.key, creator=self.caller.name)
        return _shown(get_template(tenant=self.caller.tenant, key=found.key))


class TemplateList(TemplateView):
    """`/templates`"""

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        kind = fields.choice("kind", Template.Kind.values)
        fields.done()
        rows, following = paged.page(templates(tenant=self.caller.tenant, kind=kind))
        return Response(page_of([_shown(row) for row in rows], following))

    @transaction.atomic
    def post(self, request: Request) -> Response:
        fields = body(request)
        key = fields.text("key", required=True)
        publish_it, given = fields.flag("publish"), _given(fields)
        made = create_template(tenant=self.caller.tenant, key=key, **given)
        return Response(self.written(made, publish_it=publish_it), status=201)


class TemplateDetail(TemplateView):
    """`/templates/{key}`"""

    def get(self, request: Request, key: str) -> Response:
        query(request).done()
        return Response(_shown(get_template(tenant=self.caller.tenant, key=key)))

    @transaction.atomic
    def put(self, request: Request, key: str) -> Response:
        """Make or replace the draft: what the body leaves out is emptied."""
        fields = body(request)
        publish_it, given = fields.flag("publish"), _given(fields)
        made = replace_template(tenant=self.caller.tenant, key=key, **given)
        return Response(self.written(made, publish_it=publish_it))

    @transaction.atomic
    def patch(self, request: Request, key: str) -> Response:
        """Change what the body names; null empties it."""
        fields = body(request)
        publish_it, given = fields.flag("publish"), _given(fields)
        made = change_template(tenant=self.caller.tenant, key=key, **given)
        return Response(self.written(made, publish_it=publish_it))

    def delete(self, request: Request, key: str) -> Response:
        delete_template(tenant=self.caller.tenant, key=key)
        return Response(status=204)


class TemplatePublish(TemplateView):
    """`/templates/{key}/publish`"""

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        note = fields.text("note")
        fields.done()
        made = publish(tenant=self.caller.tenant, key=key, creator=self.caller.name, note=note)
        return Response(_version(made, made.id) | {"content": made.content}, status=201)


class TemplateRollback(TemplateView):
    """`/templates/{key}/rollback`"""

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        number = fields.whole("version", default=0, low=1, high=MAX_NUMBER)
        if not number:
            fields.any("version", required=True)
        note = fields.text("note")
        fields.done()
        made = roll_back(tenant=self.caller.tenant, key=key, number=number, creator=self.caller.name, note=note)
        return Response(_version(made, made.id) | {"content": made.content}, status=201)


class TemplateVersions(TemplateView):
    """`/templates/{key}/versions`"""

    def get(self, request: Request, key: str) -> Response:
        fields = query(request)
        paged = paging(fields)
        fields.done()
        live = get_template(tenant=self.caller.tenant, key=key).published_id
        rows, following = paged.page(versions(tenant=self.caller.tenant, key=key))
        return Response(page_of([_version(row, live) for row in rows], following))


class TemplateVersionDetail(TemplateView):
    """`/templates/{key}/versions/{number}`"""

    def get(self, request: Request, key: str, number: str) -> Response:
        query(request).done()
        live = get_template(tenant=self.caller.tenant, key=key).published_id
        # what is no number is the number of no version
        wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0
        found = get_version(tenant=self.caller.tenant, key=key, number=wanted)
        return Response(_version(found, live) | {"content": found.content})


class TemplatePreview(TemplateView):
    """`/templates/{key}/preview`"""

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        data, actor = fields.object("data"), fields.object("actor")
        locale = fields.text("locale")
        number = fields.whole("version", default=0, low=1, high=MAX_NUMBER)
        fields.done()
        shown = preview(
            tenant=self.caller.tenant, key=key, number=number or None, locale=locale, data=data, actor=actor
        )
        return Response(
            {"version": number or None, "locale": shown.locale, "content": shown.content, "channels": shown.bodies}
        )


def _given(fields: Fields) -> dict[str, Any]:
    given = fields.given(*EMPTY)
    fields.done()
    return {name: EMPTY[name] if value is None else value for name, value in given.items()}


def _shown(found: Template) -> dict[str, Any]:
    return {
        "key": found.key,
        "kind": found.kind,
        "name": found.name,
        **(CONTENT | found.content),
        "version": found.published.number if found.published else None,
        "changed": changed(found),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def _version(found: TemplateVersion, live: object) -> dict[str, Any]:
    said = {name: getattr(found, name) for name in ("number", "note", "restores", "creator", "created_at")}
    return said | {"published": found.id == live}
