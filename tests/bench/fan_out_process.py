"""`python -m tests.bench.fan_out_process`: the measuring half of `fan_out`, in a process as a worker is one."""

import argparse
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from hub.audience.models import Topic, TopicMember  # noqa: E402
from hub.audience.services import ensure_subscribers  # noqa: E402
from hub.audience.topics import upsert_topic  # noqa: E402
from hub.ids import uuid7  # noqa: E402
from hub.notifications import fan_out  # noqa: E402
from hub.notifications.models import Notification  # noqa: E402
from hub.notifications.services import notify  # noqa: E402
from hub.tenancy.models import Tenant  # noqa: E402

COPIED = ("hub_inboxitem", "hub_delivery")


def make_topic(members: int) -> Topic:
    tenant = Tenant.objects.get()
    topic = upsert_topic(tenant=tenant, key="everybody")
    ids = ensure_subscribers(tenant=tenant, external_ids=[f"member-{number:05}" for number in range(members)])
    TopicMember.objects.bulk_create(
        [TopicMember(tenant=tenant, topic=topic, subscriber_id=pk) for pk in ids.values()], batch_size=5000
    )
    with connection.cursor() as db:
        db.execute("UPDATE hub_subscriber SET email = external_id || '@example.com'")
        db.execute("VACUUM (ANALYZE)")
    return topic


def accept(topic: Topic) -> Notification:
    """A notification whose fan-out waits for `run`."""
    return notify(tenant=topic.tenant, to={"topic": topic.key}, title="To everybody", body="At once")


def time_fan_out(topic: Topic) -> tuple[UUID, float]:
    notification = accept(topic)
    began = time.perf_counter()
    fan_out.run(notification.id)
    return notification.id, time.perf_counter() - began


def time_copy(source: UUID, topic: Topic) -> tuple[int, float]:
    """The same rows for another notification, by COPY in one transaction, taken back afterwards."""
    twin = accept(topic)
    data = {table: _rows(table, source, twin.id) for table in COPIED}
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as db:
        for table, (columns, rows) in data.items():
            with db.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    seconds = time.perf_counter() - began
    _take_back(twin)
    return sum(len(rows) for _, rows in data.values()), seconds


def _rows(table: str, source: UUID, twin: UUID) -> tuple[list[str], list[Any]]:
    """The rows that `source` made, with ids of their own."""
    with connection.cursor() as db:
        db.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER' "
            "ORDER BY ordinal_position",
            [table],
        )
        columns = [row[0] for row in db.fetchall()]
        db.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE notification_id = %s ORDER BY id", [source])
        rows = [dict(zip(columns, row, strict=True)) for row in db.fetchall()]
    if table == "hub_inboxitem":
        _twins.clear()
    return columns, [list(_twin(row, twin).values()) for row in rows]


_twins: dict[UUID, UUID] = {}


def _twin(row: dict[str, Any], notification: UUID) -> dict[str, Any]:
    _twins[row["id"]] = uuid7()
    changed = {"id": _twins[row["id"]], "notification_id": notification}
    return row | changed | ({"item_id": _twins[row["item_id"]]} if "item_id" in row else {})


def _take_back(twin: Notification) -> None:
    with connection.cursor() as db:
        for table in reversed(COPIED):
            db.execute(f"DELETE FROM {table} WHERE notification_id = %s", [twin.id])
        db.execute("DELETE FROM hub_fanout WHERE notification_id = %s", [twin.id])
        db.execute("VACUUM (ANALYZE) hub_inboxitem, hub_delivery, hub_stream")


def main(members: int, rounds: int, output: Path) -> None:
    topic = make_topic(members)
    time_fan_out(topic)
    fan_outs, copies, rows = [], [], 0
    for _ in range(rounds):
        source, seconds = time_fan_out(topic)
        fan_outs.append(seconds)
        rows, seconds = time_copy(source, topic)
        copies.append(seconds)
    output.write_text(json.dumps({"fan_out": fan_outs, "copy": copies, "rows_each": rows / members}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    main(wanted.members, wanted.rounds, wanted.output)
