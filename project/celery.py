"""The Celery application of the hub's own project. Tasks are hints; what is due is in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from deliveries.queues import SWEEP_QUEUE, queues
from hub.policy.ladder import CHANNELS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


def configuration() -> dict[str, Any]:
    """Read on first use, once Django's settings are there. A `CELERY_…` setting of the project overrides each."""
    return {
        # Threads: everything here waits for PostgreSQL or a provider, and the sweeper needs a pool that doesn't fork.
        # Scale by processes.
        "worker_pool": "threads",
        "worker_concurrency": 4 + 2 * len(CHANNELS),
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": False,
        "task_queues": queues(),
        "task_default_queue": SWEEP_QUEUE,
        # a hint to a queue that nobody reads should fail, not pile up
        "task_create_missing_queues": False,
        "task_ignore_result": True,
        # A hint is spent once it is taken: the rows it points at have their own leases.
        "task_acks_late": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "broker_connection_retry_on_startup": True,
        # for ever: the sweeper works meanwhile, and a worker that gave up would never hear another hint
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 2,
        "broker_transport_options": {
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            # A copy of each hint until it is acknowledged would only be work, and giving them back on a connection that is
            # lost ends the whole worker (kombu 5.7): what a killed worker had taken is found by the sweep.
            "ack_emulation": False,
            "global_keyprefix": "hub:celery:",
        },
        "beat_schedule": {
            "sweep": {
                "task": "deliveries.sweep",
                "schedule": 5.0,
                # a sweep that waited longer is one too many
                "options": {"queue": SWEEP_QUEUE, "expires": 5},
            }
        },
    }


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery configures no logging of its own where somebody listens: Django's LOGGING stands."""


app = Celery("hub", include=["deliveries.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(configuration)
