"""REST: templates, what they would say, and their versions."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import listed, page_of, paging
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
from hub.content.versions import MAX_NUMBER, get_version, publish, roll_back

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
        publish_it, given = fields.flag("publish"), fields.only(EMPTY)
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
        publish_it, given = fields.flag("publish"), fields.only(EMPTY)
        made = replace_template(tenant=self.caller.tenant, key=key, **given)
        return Response(self.written(made, publish_it=publish_it))

    @transaction.atomic
    def patch(self, request: Request, key: str) -> Response:
        """Change what the body names; null empties it."""
        fields = body(request)
        publish_it, given = fields.flag("publish"), fields.only(EMPTY)
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
        return Response(_whole(made, made.id), status=201)


class TemplateRollback(TemplateView):
    """`/templates/{key}/rollback`"""

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        number = fields.whole("version", default=0, low=1, high=MAX_NUMBER, required=True)
        note = fields.text("note")
        fields.done()
        made = roll_back(tenant=self.caller.tenant, key=key, number=number, creator=self.caller.name, note=note)
        return Response(_whole(made, made.id), status=201)


class TemplateVersions(TemplateView):
    """`/templates/{key}/versions`"""

    def get(self, request: Request, key: str) -> Response:
        template = get_template(tenant=self.caller.tenant, key=key)
        rows = template.versions.defer("content")
        return listed(request, rows, lambda row: _version(row, template.published_id))


class TemplateVersionDetail(TemplateView):
    """`/templates/{key}/versions/{number}`"""

    def get(self, request: Request, key: str, number: str) -> Response:
        query(request).done()
        template = get_template(tenant=self.caller.tenant, key=key)
        # what is no number is the number of no version
        wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0
        return Response(_whole(get_version(template, wanted), template.published_id))


class TemplatePreview(TemplateView):
    """`/templates/{key}/preview`"""

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        wanted = filling(fields)
        fields.done()
        shown = preview(tenant=self.caller.tenant, key=key, **wanted)
        words = {"content": shown.content, "channels": shown.bodies, "segments": shown.segments}
        return Response({"version": wanted["number"], "locale": shown.locale, **words})


def filling(fields: Fields) -> dict[str, Any]:
    """What a preview or a test is filled from: `number` of a version (None: the draft), `locale`, `data` and `actor`."""
    return {
        "number": fields.whole("version", default=0, low=1, high=MAX_NUMBER) or None,
        "locale": fields.text("locale"),
        "data": fields.object("data"),
        "actor": fields.object("actor"),
    }


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


def _whole(found: TemplateVersion, live: object) -> dict[str, Any]:
    return _version(found, live) | {"content": found.content}
