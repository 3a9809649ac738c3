"""After any history: counters equal a recount, and *old state + frames == fresh fetch* for every tab.

A state machine drives two tabs and a REST client against the real record. The first tab gets every frame at once; on their
way to the second, frames are lost, doubled and swapped, and it may come back with a cursor of any age.
"""

import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.clock import now
from hub.inbox import sweeps
from hub.inbox.cursors import Cursor
from hub.inbox.models import InboxItem
from hub.inbox.selectors import FILTERS, catch_up, list_items
from hub.inbox.services import mark
from hub.notifications.retract import retract
from tests.support.factories import counts, make_subscriber, make_tenant, recount, send
from tests.support.reducer import Inbox

tabs = st.sampled_from([0, 1])
picks = st.lists(st.integers(0, 30), min_size=1, max_size=4)
plain_ops = st.sampled_from(["seen", "read", "unread", "archive", "unarchive", "unsnooze", "delete"])


@dataclass
class Tab:
    """A client's copy and the frames on their way to it."""

    inbox: Inbox = field(default_factory=Inbox)
    epoch: str = ""
    wire: list[dict[str, Any]] = field(default_factory=list)
    missing: bool = False

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.inbox.last)

    def load(self, items: list[dict[str, Any]], cursor: str, total: dict[str, int]) -> None:
        self.epoch, _, last = cursor.partition(":")
        self.inbox = Inbox({item["id"]: dict(item) for item in items}, total, int(last))

    def takes(self, frame: dict[str, Any]) -> bool:
        """The client rule. False: there is a gap."""
        if frame["seq"] == self.inbox.last + 1:
            self.missing |= bool(self.inbox.apply(copy.deepcopy(frame)))
        return bool(frame["seq"] <= self.inbox.last)


class TwoTabsAndARestClient(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.tenant = make_tenant()
        self.who = make_subscriber(self.tenant)
        self.tabs = [Tab(), Tab()]
        for tab in self.tabs:
            tab.load(*self.fetch())

    def fetch(self) -> tuple[list[dict[str, Any]], str, dict[str, int]]:
        items = {}
        for name in FILTERS:
            following = None
            while True:
                page = list_items(subscriber_id=self.who.id, filter=name, limit=2, cursor=following)
                items |= {item["id"]: item for item in map(orjson.loads, page.items)}
                if (following := page.next) is None:
                    break
        return list(items.values()), str(page.cursor), page.counts.as_dict()

    def published(self, frames: Any) -> None:
        for who, seq, frame in frames:
            assert who == self.who.id
            decoded = orjson.loads(frame)
            assert decoded["seq"] == seq
            for tab in self.tabs:
                tab.wire.append(decoded)
            self.deliver(0, "arrives")

    def act(self, **request: Any) -> None:
        with patch("hub.live.publish", self.published):
            mark(subscriber_id=self.who.id, request=request, origin="test")

    def chosen(self, picked: list[int]) -> list[str]:
        ids = [
            str(i) for i in InboxItem.objects.filter(subscriber=self.who).order_by("id").values_list("id", flat=True)
        ]
        return [ids[n % len(ids)] for n in picked] if ids else []

    @rule(count=st.integers(1, 3))
    def arrives(self, count: int) -> None:
        everybody = patch("hub.presence.connected", lambda ids: set(ids))
        with patch("hub.live.publish", self.published), everybody:
            for _ in range(count):
                send(self.tenant, self.who.external_id, actions=[{"key": "yes", "label": "Yes"}])

    @rule(op=plain_ops, picked=picks)
    def marks(self, op: str, picked: list[int]) -> None:
        if ids := self.chosen(picked):
            self.act(op=op, ids=ids)

    @rule(picked=picks)
    def acts(self, picked: list[int]) -> None:
        if ids := self.chosen(picked):
            self.act(op="act", ids=ids, action="yes")

    @rule(picked=picks)
    def snoozes(self, picked: list[int]) -> None:
        if ids := self.chosen(picked):
            self.act(op="snooze", ids=ids, until=(now() + timedelta(hours=1)).isoformat(timespec="milliseconds"))

    @rule(tab=tabs, op=st.sampled_from(["seen", "read", "archive"]))
    def marks_all(self, tab: int, op: str) -> None:
        self.act(op=op, all=True, upto=self.tabs[tab].inbox.last)

    @rule()
    def time_passes_for_the_snoozed(self) -> None:
        InboxItem.objects.filter(subscriber=self.who, snoozed_until__isnull=False).update(snoozed_until=now())
        with patch("hub.live.publish", self.published):
            sweeps.wake_snoozed()

    @rule(picked=picks)
    def some_expire(self, picked: list[int]) -> None:
        InboxItem.objects.filter(id__in=self.chosen(picked)).update(expires_at=now())
        with patch("hub.live.publish", self.published):
            sweeps.expire()

    @rule(picked=picks)
    def some_are_withdrawn(self, picked: list[int]) -> None:
        sources = set(InboxItem.objects.filter(id__in=self.chosen(picked)).values_list("notification_id", flat=True))
        with patch("hub.live.publish", self.published):
            for notification_id in sources:
                retract(tenant=self.tenant, notification_id=notification_id)

    @rule(fate=st.sampled_from(["arrives", "arrives", "lost", "doubled", "late"]))
    def a_frame_of_the_second_tab(self, fate: str) -> None:
        self.deliver(1, fate)

    @rule()
    def all_frames_of_the_second_tab_arrive(self) -> None:
        while self.tabs[1].wire:
            self.deliver(1, "arrives")

    def deliver(self, tab: int, fate: str) -> None:
        wire = self.tabs[tab].wire
        if not wire:
            return
        frame = wire.pop(1 if fate == "late" and len(wire) > 1 else 0)
        if fate == "lost":
            return
        applied = [self.tabs[tab].takes(frame) for _ in range(2 if fate == "doubled" else 1)]
        if not all(applied):
            self.syncs(tab)

    @rule(tab=tabs)
    def syncs(self, tab: int) -> None:
        (answer,) = catch_up([(self.who.id, self.tabs[tab].cursor)])
        assert answer is not None
        assert answer.recovered
        items = [orjson.loads(item) for _, item in answer.items]
        assert [item["seq"] for item in items] == sorted(item["seq"] for item in items)
        frame = {
            "type": "batch",
            "items": items,
            "head": answer.cursor.seq,
            "counts": answer.counts.as_dict(),
            "more": False,
        }
        self.tabs[tab].inbox.apply_batch(frame)

    @rule(tab=tabs)
    def fetches_what_came_back(self, tab: int) -> None:
        held = self.tabs[tab]
        if held.missing:
            held.missing = False
            held.load(*self.fetch())

    @invariant()
    def counters_equal_a_recount(self) -> None:
        if hasattr(self, "who"):
            assert counts(self.who.id) == recount(self.who.id)

    def teardown(self) -> None:
        if not hasattr(self, "who"):
            return
        fresh, cursor, total = self.fetch()
        for number, tab in enumerate(self.tabs):
            self.syncs(number)
            self.fetches_what_came_back(number)
            assert str(tab.cursor) == cursor
            assert tab.inbox.counts == total
            # A tab holds seen, archived and snoozed items too: all three lists together are the whole truth.
            assert tab.inbox.items == {item["id"]: item for item in fresh}


@pytest.mark.usefixtures("transactional_db")
def test_every_tab_ends_up_with_the_same_inbox() -> None:
    run_state_machine_as_test(
        TwoTabsAndARestClient,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Each step talks to PostgreSQL: shrinking a failure would take longer than reading it.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
