"""The Celery tasks. Each is a wake-up: it says where to look, not what to do; losing or doubling one is harmless."""

from contextlib import suppress

from celery import shared_task
from redis.exceptions import RedisError

from deliveries import sweeper, webhooks, worker  # noqa: F401  who has the tasks has the sweeper
from deliveries.dispatch import dispatch
from hub.presence import redis_client
from hub.wake import DISPATCH, FAN_OUT, WEBHOOKS, WEBHOOKS_QUEUE, pending_key, wake


@shared_task(name=DISPATCH, ignore_result=True)
def dispatch_lane(channel: str, lane: str) -> None:
    """Send what is due on a channel's lane."""
    _started(f"{channel}.{lane}")
    if dispatch(channel, lane):
        wake(channel, lane)


@shared_task(name=FAN_OUT, ignore_result=True)
def fan_out_lane(lane: str) -> None:
    """Carry out the fan-outs and retractions that are due."""
    _started(f"hub.{lane}")
    sweeper.finish_fan_outs()
    sweeper.finish_retractions()


@shared_task(name=WEBHOOKS, ignore_result=True)
def post_webhooks() -> None:
    """Post what webhooks are owed. It only starts it: what hangs at an endpoint holds up no task."""
    _started(WEBHOOKS_QUEUE)
    webhooks.start()


@shared_task(name=sweeper.SWEEP, ignore_result=True)
def sweep() -> None:
    """Look at everything that may have been left lying."""
    sweeper.sweep()


def _started(queue: str) -> None:
    """From here on a new wake-up is needed for what comes after this look."""
    with suppress(RedisError):
        redis_client().delete(pending_key(queue))
