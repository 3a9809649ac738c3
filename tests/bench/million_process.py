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

from hub.api.admin import OLDER, TENANT  # noqa: E402
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
        lists = ["filter=all", "filter=unread", "filter=archived", "filter=snoozed"]
        for known, nothing in ((EVENTS[1], RARE), (EVENTS[0], "nothing.there")):
            lists += [f"event={known}", f"event={nothing}", f"filter=unread&event={nothing}"]
            lists += [f"category={name.partition('.')[0]}" for name in (known, nothing)]
        lists += ["tag=weekly", "tag=nothing", f"since={_ago(days=2)}", f"since={_ago(days=-1)}"]
        for chosen in lists:
            self.ask("list", self.user, f"/api/v1/inbox?limit={LIMIT}&{chosen}")
        deep = self.user.get(f"/api/v1/inbox?limit={LIMIT}").json()["next"]
        self.ask("list", self.user, f"/api/v1/inbox?limit={LIMIT}&cursor={deep}")
        self.ask("list", self.server, f"/api/v1/subscribers/user-0/inbox?limit={LIMIT}&filter=archived&event={RARE}")
        item = InboxItem.objects.filter(subscriber=self.busiest, visible=True)[:1].get()
        self.ask("list", self.user, f"/api/v1/inbox/{item.pk}")
        self.ask("counts", self.user, "/api/v1/inbox/counts")

    def server_lists(self) -> None:
        times = [f"since={_ago(days=1)}", f"until={_ago(days=80)}", f"since={_ago(days=60)}&until={_ago(days=59)}"]
        lists = [
            "",
            *times,
            f"event={EVENTS[0]}",
            f"event={RARE}",
            "category=contract",
            "category=nothing",
            "tag=weekly",
        ]
        lists += [f"status={status}" for status in Notification.Status.values]
        lists += [f"priority={priority}" for priority in Notification.Priority.values]
        lists += ["creator=code", "creator=nobody", "template=template-3", "template=nothing", "group_key=group-7"]
        lists += ["cancel_key=key-10", "cancel_key=nothing", "subscriber=user-0", "subscriber=user-95", "tag=nothing"]
        lists += [
            f"subscriber=user-0&event={RARE}",
            f"event={EVENTS[0]}&status=cancelled&tag=weekly",
            f"event={RARE}&{times[1]}",
        ]
        for chosen in lists:
            self.ask("notifications", self.server, f"/api/v1/notifications?limit={LIMIT}&{chosen}")
        deep, everybody = _deep(Notification), Notification.objects.filter(tenant=self.tenant).latest("pk")
        for found in (everybody, deep):
            self.ask("timeline", self.server, f"/api/v1/notifications/{found.pk}/timeline?limit={LIMIT}")
        self.ask("notifications", self.server, f"/api/v1/notifications/{deep.pk}")
        whose = [f"notification={everybody.pk}", "subscriber=user-0", "subscriber=user-95"]
        kinds = ["channel=push", "channel=sms", "reason=ambiguous", "reason=expired"]
        kinds += [f"state={state}" for state in Delivery.State.values]
        lists = ["", *times, *kinds, *whose, *(f"{who}&state=dead" for who in whose), "&".join(whose[:2])]
        for chosen in [*lists, f"channel=email&{times[1]}"]:
            self.ask("deliveries", self.server, f"/api/v1/deliveries?limit={LIMIT}&{chosen}")
        for chosen in ("", "reason=ambiguous", "channel=sms", times[2]):
            self.ask("deliveries", self.server, f"/api/v1/dead-letters?limit={LIMIT}&{chosen}")
        paths = ["subscribers", "subscribers?email=user-95@example.com", "subscribers?email=nobody@example.com"]
        paths += [
            "subscribers/user-0",
            "topics",
            "topics/topic-0",
            "topics/topic-0/members",
            "templates",
            "signing-keys",
        ]
        for path in [*paths, "event-types", "event-types?category=nothing", "event-types?active=false", "api-keys"]:
            self.ask("others", self.server, f"/api/v1/{path}")
        self.ask("others", self.user, "/api/v1/topics")

    def admin_lists(self) -> None:
        everybody = Notification.objects.filter(tenant=self.tenant).latest("pk")
        for model, page in sorted(admin.site._registry.items(), key=lambda pair: pair[0].__name__):
            if model._meta.app_label != "hub":
                continue
            path, deep = f"/admin/hub/{model._meta.model_name}/", _deep(model, page)
            queries = [f"?{OLDER}={deep.pk}", f"?q={deep.pk}"] if deep else []
            queries += [f"?q={everybody.pk}"]
            for query in ("", *queries, *(f"?q={term}" for term in TERMS), *self._filters(page)):
                self.ask("admin list", self.staff, path + query)
            if deep:
                self.ask("admin record", self.staff, f"{path}{deep.pk}/change/")
        self.ask("admin record", self.staff, f"/admin/hub/notification/{everybody.pk}/change/")

    def _filters(self, page: Any) -> Iterator[str]:
        """Each by itself, and with a tenant where there is one."""
        names = [field[0] if isinstance(field, tuple) else field for field in page.list_filter]
        for name in names:
            for query in self._choices(getattr(name, "parameter_name", name)):
                yield f"?{query}"
                if "tenant" in names:
                    yield f"?{query}&{TENANT}={self.tenant.pk}"

    def _choices(self, name: str) -> list[str]:
        if name == "tenant":
            return [f"{TENANT}={tenant.pk}" for tenant in Tenant.objects.order_by("slug")[:2]]
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
