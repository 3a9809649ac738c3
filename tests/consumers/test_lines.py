"""What a socket logs says whose it is, by ids that name nobody."""

from typing import Any

import pytest

from consumers import consumer, marks
from hub.audience.models import Subscriber
from tests.consumers.conftest import Connect, until

DEFECTS = {
    "A mark failed": (marks, "carry_out", {"type": "mark", "id": "m", "op": "read", "ids": []}),
    "A frame failed": (consumer, "parse", {"type": "pong"}),
}


@pytest.mark.parametrize("said", DEFECTS)
async def test_whose_it_was(
    connect: Connect,
    alice: Subscriber,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    where, name, frame = DEFECTS[said]
    client = await connect()
    monkeypatch.setattr(where, name, _fail)
    await client.send(frame)
    lines: list[Any] = caplog.records
    await until(lambda: any(line.message == said for line in lines))
    line = next(line for line in lines if line.message == said)
    told = (line.tenant, line.subscriber_id, line.session_id)
    assert told == (alice.tenant.slug, str(alice.pk), client.ready["session"])
    assert "alice" not in f"{told} {line.message}"


def _fail(*_: Any, **__: Any) -> None:
    raise RuntimeError("broken")
