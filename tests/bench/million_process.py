"""`python -m tests.bench.million_process`: the asking half of `million`: fills a database, asks, writes what it cost."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402

from hub.api.admin import OLDER  # noqa: E402
from hub.audience.models import Subscriber  # noqa: E402
from hub.clock import iso, now  # noqa: E402
from hub.fallback.models import Delivery  # noqa: E402
from hub.inbox.models import InboxItem  # noqa: E402
from hub.notifications.models import Notification  # noqa: E402
from hub.tenancy.models import Tenant  # noqa: E402
from hub.tenancy.services import create_api_key  # noqa: E402
from hub.tenancy.tokens import mint  # noqa: E402
from tests.bench.million_data import EVENTS, RARE, Size, fill  # noqa: E402
from tests.bench.plans import cost_of  # noqa: E402

LIMIT = 50  # rows a page
TERMS = ("user-0", "user-1", "topic-1", "key-10", "nothing")


class Asker:
    """Sends requests to the real code, in this process, and keeps what each cost."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        settings.ALLOWED_HOSTS = ["testserver"]
        self.tenant = Tenant.objects.get(slug="tenant-0")
        self.busiest = Subscriber.objects.get(tenant=self.tenant, external_id="user-0")
        key = create_api_key(tenant=self.tenant, name="measured", scopes=["*"])[1]
        self.server = Client(headers={"Authorization": f"Bearer {key}"})
        token = mint(subscriber=self.busiest, ttl=timedelta(hours=1))
        self.user = Client(headers={"Authorization": f"Bearer {token}"})
        self.staff = Client()
        self.staff.force_login(User.objects.create_superuser("admin"))

    def ask(self, group: str, client: Client, path: str) -> None:
        """A page twice, so that its plans are those of prepared statements too; the second time counts."""
        client.get(path)

        def once() -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:300]!r}")

        self.answers.append({"group": group, "name": path, **asdict(cost_of(once))})

    def inbox(self) -> None:
        lists = ["filter=all", "filter=unread", "filter=archived", "filter=snoozed", f"since={_ago(days=2)}"]
        lists += [f"category={EVENTS[0].partition('.')[0]}", f"event={EVENTS[1]}", "tag=weekly"]
        for chosen in lists:
            self.ask("inbox", self.user, f"/api/v1/inbox?limit={LIMIT}&{chosen}")
        deep = self.user.get(f"/api/v1/inbox?limit={LIMIT}").json()["next"]
        self.ask("inbox", self.user, f"/api/v1/inbox?limit={LIMIT}&cursor={deep}")
        self.ask("inbox", self.user, "/api/v1/inbox/counts")
        item = InboxItem.objects.filter(subscriber=self.busiest, visible=True)[:1].get()
        self.ask("inbox", self.user, f"/api/v1/inbox/{item.pk}")

    def server_lists(self) -> None:
        deep = _deep(Notification)
        lists = ["", f"event={EVENTS[0]}", f"event={RARE}", "category=contract", "status=processed", "status=cancelled"]
        lists += ["status=scheduled", "subscriber=user-0", "subscriber=user-95", f"since={_ago(days=1)}"]
        lists += [f"until={_ago(days=80)}", f"since={_ago(days=60)}&until={_ago(days=59)}"]
        for chosen in lists:
            self.ask("notifications", self.server, f"/api/v1/notifications?limit={LIMIT}&{chosen}")
        everybody = Notification.objects.filter(tenant=self.tenant).latest("pk")
        for notification in (deep, everybody):
            self.ask("notifications", self.server, f"/api/v1/notifications/{notification.pk}/timeline?limit={LIMIT}")
        self.ask("notifications", self.server, f"/api/v1/notifications/{deep.pk}")
        for path in ("subscribers", "topics", "dead-letters", "dead-letters?reason=ambiguous", "subscribers/user-0"):
            self.ask("server", self.server, f"/api/v1/{path}")

    def admin_lists(self) -> None:
        for model, page in sorted(admin.site._registry.items(), key=lambda pair: pair[0].__name__):
            if model._meta.app_label != "hub":
                continue
            path, deep = f"/admin/hub/{model._meta.model_name}/", _deep(model, page)
            queries = [f"?{OLDER}={deep.pk}", f"?q={deep.pk}"] if deep else []
            for query in ("", *queries, *(f"?q={term}" for term in TERMS), *self._filters(page)):
                self.ask("admin", self.staff, path + query)
            if deep:
                self.ask("admin", self.staff, f"{path}{deep.pk}/change/")
        everybody = Notification.objects.filter(tenant=self.tenant).latest("pk")
        self.ask("admin", self.staff, f"/admin/hub/notification/{everybody.pk}/change/")

    def _filters(self, page: Any) -> Iterator[str]:
        for field in page.list_filter:
            name = field[0] if isinstance(field, tuple) else field
            yield from (f"?{query}" for query in self._choices(getattr(name, "parameter_name", name)))

    def _choices(self, name: str) -> list[str]:
        if name == "tenant":
            return [f"tenant__id__exact={tenant.pk}" for tenant in Tenant.objects.order_by("slug")[:2]]
        if name == "created":
            return ["created=day", "created=month"]
        if name == "channel":
            return ["channel=email", "channel=sms"]
        if name == "reason":
            return ["reason=read", "reason=ambiguous", "reason=expired"]
        values = {"state": Delivery.State.values, "status": Notification.Status.values}
        return [
            f"{name}__exact={value}" for value in values.get(name, ["high" if name in ("priority", "lane") else "1"])
        ]


def _ago(*, days: int) -> str:
    return quote(iso(now() - timedelta(days=days)) or "")


def _deep(model: type[Model], page: Any = None) -> Any:
    """A row from the middle of a table or of an admin's list, by age; None from an empty one."""
    rows = (page.get_queryset(None) if page else model._default_manager.all()).order_by("-pk")
    return rows[rows.count() // 2 :].first()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    fill(Size(wanted.items))
    asker = Asker()
    asker.inbox()
    asker.server_lists()
    asker.admin_lists()
    wanted.output.write_text(json.dumps({"answers": asker.answers, "items": InboxItem.objects.count()}))
