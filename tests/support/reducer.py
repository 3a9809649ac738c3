"""What each durable frame does to a client's inbox: the same table as the server's and the SDK's."""

from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]
FETCHED = ("unread", "unarchive", "unsnooze")


@dataclass
class Inbox:
    """Items by id (none that is gone), the counts, and the seq up to which everything is applied."""

    items: dict[str, Item] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    last: int = 0

    def apply(self, frame: dict[str, Any]) -> list[str]:
        """Apply a live frame. Returns ids that the client has to fetch, because the change brought them back."""
        missing: list[str] = []
        if frame["type"] == "notification":
            self.put(frame["item"])
        else:
            missing = [item_id for item_id in frame["ids"] if item_id not in self.items and frame["op"] in FETCHED]
            for item_id in frame["ids"]:
                if item_id in self.items:
                    self._change(item_id, frame)
        self.counts, self.last = frame["counts"], frame["seq"]
        return missing

    def apply_batch(self, frame: dict[str, Any]) -> None:
        """Apply a part of a catch-up."""
        for item in frame["items"]:
            self.put(item)
        if frame["more"]:
            self.last = max([self.last, *(item["seq"] for item in frame["items"])])
        else:
            self.counts, self.last = frame["counts"], frame["head"]

    def put(self, item: Item) -> None:
        """Keep an item, unless it is gone."""
        if "gone" in item:
            self.items.pop(item["id"], None)
        else:
            self.items[item["id"]] = item

    def _change(self, item_id: str, frame: dict[str, Any]) -> None:
        op, at, seq = frame["op"], frame["at"], frame["seq"]
        if op == "delete":
            del self.items[item_id]
            return
        item = self.items[item_id]
        item["seq"] = seq
        if op in ("seen", "read", "act"):
            item["seen_at"] = item["seen_at"] or at
        if op in ("read", "act"):
            item["read_at"] = item["read_at"] or at
        if op == "unread":
            item |= {"read_at": None, "surfaced_seq": seq}
        if op in ("archive", "unarchive"):
            item["archived_at"] = at if op == "archive" else None
        if op in ("snooze", "unsnooze"):
            item["snoozed_until"] = frame.get("until")
        if op == "act":
            item["acted"] = {"action": frame["action"], "at": at}
