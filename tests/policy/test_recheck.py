"""Promise: what has changed since a delivery was planned is noticed; the weightiest reason is named."""

import pytest

from hub.policy.recheck import Facts, Verdict, recheck

FOCUSED, SEEN, READ, NEVER = 1, 2, 3, 4
GOOD = Facts(
    cancel_level=SEEN,
    required=False,
    tenant_active=True,
    notification_cancelled=False,
    retracted=False,
    expired=False,
    seen=False,
    read=False,
    preference_off=False,
    has_destination=True,
    refused="",
)


def test_nothing_has_changed() -> None:
    assert recheck(GOOD) is None


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"tenant_active": False}, Verdict("cancelled", "tenant_suspended")),
        ({"notification_cancelled": True}, Verdict("cancelled", "notification_cancelled")),
        ({"retracted": True}, Verdict("cancelled", "retracted")),
        ({"expired": True}, Verdict("cancelled", "expired")),
        ({"read": True}, Verdict("cancelled", "read")),
        ({"seen": True}, Verdict("cancelled", "seen")),
        ({"preference_off": True}, Verdict("skipped", "preference_off")),
        ({"preference_off": True, "required": True}, None),
        ({"has_destination": False}, Verdict("skipped", "no_destination", hand_on=True)),
        ({"refused": "suppressed"}, Verdict("skipped", "suppressed", hand_on=True)),
        # the weightier reason is that there is an address, and it must not be used
        ({"refused": "suppressed", "has_destination": False}, Verdict("skipped", "suppressed", hand_on=True)),
        ({"refused": "suppressed", "preference_off": True}, Verdict("skipped", "preference_off")),
        # the reader's own level decides what counts
        ({"seen": True, "cancel_level": FOCUSED}, Verdict("cancelled", "seen")),
        ({"seen": True, "cancel_level": READ}, None),
        ({"seen": True, "read": True, "cancel_level": READ}, Verdict("cancelled", "read")),
        ({"seen": True, "read": True, "cancel_level": NEVER}, None),
        ({"expired": True, "cancel_level": NEVER, "required": True}, Verdict("cancelled", "expired")),
        # a read message without an address hands no turn on
        ({"read": True, "has_destination": False}, Verdict("cancelled", "read")),
        ({"preference_off": True, "has_destination": False}, Verdict("skipped", "preference_off")),
        ({"tenant_active": False, "read": True}, Verdict("cancelled", "tenant_suspended")),
    ],
)
def test_each_change_has_its_verdict(change: dict[str, object], verdict: Verdict | None) -> None:
    assert recheck(GOOD._replace(**change)) == verdict  # type: ignore[arg-type]
