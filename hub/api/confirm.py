"""Admin actions that ask before they act, on a page like that of Django's own deletion."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

Action = Callable[[Any, HttpRequest, QuerySet[Any]], None]
Asking = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]
Shown = Callable[[QuerySet[Any]], Iterable[object]]

LISTED = 100


def _each(rows: QuerySet[Any]) -> Iterable[object]:
    return rows[:LISTED]


def confirmed(question: str, consequence: str, *, shown: Shown = _each) -> Callable[[Action], Asking]:
    """Ask `question`, say the `consequence`, and list what is `shown` of the selected rows; act only after a yes."""

    def wrap(act: Action) -> Asking:
        @wraps(act)
        def ask_first(page: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            if request.POST.get("confirmed"):
                act(page, request, queryset)
                return None
            context = {
                **page.admin_site.each_context(request),
                "title": question,
                "consequence": consequence,
                "shown": list(shown(queryset)),
                "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "action": act.__name__,
                "opts": page.opts,
                "media": page.media,
            }
            return TemplateResponse(request, "admin/hub/confirm.html", context)

        return ask_first

    return wrap
