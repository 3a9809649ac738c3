"""The Celery queues: one for each channel and lane, two for fan-outs, one for the sweep. Each scales by its depth."""

from kombu import Queue

from hub.policy.ladder import CHANNELS

LANES = ("high", "bulk")
SWEEP_QUEUE = "hub.sweep"


def queues() -> list[Queue]:
    """All queues, the urgent lanes first."""
    names = [f"{channel}.{lane}" for lane in LANES for channel in ("hub", *CHANNELS)]
    return [Queue(name, routing_key=name) for name in (*names, SWEEP_QUEUE)]
