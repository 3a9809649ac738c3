"""The Celery queues: one for each channel and lane, two for fan-outs, one each for webhooks and the sweep. Each scales by its
depth."""

from kombu import Queue

from hub.policy.ladder import CHANNELS
from hub.wake import WEBHOOKS_QUEUE

LANES = ("high", "bulk")
SWEEP_QUEUE = "hub.sweep"


def queues() -> list[Queue]:
    """All queues, the urgent lanes first."""
    names = [f"{channel}.{lane}" for lane in LANES for channel in ("hub", *CHANNELS)]
    return [Queue(name, routing_key=name) for name in (*names, WEBHOOKS_QUEUE, SWEEP_QUEUE)]
