"""What the wheel is for: a notification commits, or rolls back, with the business change of the host's own view."""

from typing import Any

import psycopg

from tests.install.host import Host
from tests.support.client import HubClient


async def problems_of_rollback(host: Host, database: psycopg.Connection[Any]) -> list[str]:
    """A view that tells and fails, then one that tells and succeeds; what was heard of the first. Empty: nothing."""
    client = await HubClient(host.socket_url, headers=host.socket_headers).connect()
    if client.code is not None:
        return [f"the session's socket was closed with {client.code} {client.reason}"]
    found: list[str] = []
    before = _rows(database)
    status, text = host.get("/order/?fail")
    if status != 500:
        found.append(f"the failing view answered {status}: {text[:200]}")
    if (left := _rows(database)) != before:
        found.append(f"rows of what was rolled back: {left}, before it {before}")
    status, text = host.get("/order/")
    if (status, text) != (200, "ordered"):
        found.append(f"the view answered {status}: {text[:200]}")
    await client.until(lambda: bool(client.of_type("notification")))
    # One socket, in order: if anything was said of the first, it was said before.
    heard = client.of_type("notification")[0]["item"]
    newest = host.inbox()["items"][0]
    if heard["id"] != newest["id"]:
        found.append(
            f"the socket heard of what was rolled back: {heard['id']}; the newest in the inbox is {newest['id']}"
        )
    await client.close()
    return found


def _rows(database: psycopg.Connection[Any]) -> dict[str, int]:
    tables = ("hub_notification", "hub_fanout", "hub_inboxitem", "hub_delivery")
    return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # type: ignore[index,call-overload]
