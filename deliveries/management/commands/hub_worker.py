"""`manage.py hub_worker`: a worker that needs no Celery. It looks for what is due every `sweep_interval` seconds."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from deliveries import worker


class Command(BaseCommand):
    """Carries out fan-outs, sends what is due, wakes and expires items, until it is told to end."""

    help = "Work without Celery: fan out, send what is due, wake and expire items. Any number may run. SIGTERM ends it."

    def handle(self, *_: Any, **__: Any) -> None:
        asked = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: asked.set())
        worker.begin()
        self.stdout.write("hub_worker: at work")
        asked.wait()
        worker.wait_for_the_end()
