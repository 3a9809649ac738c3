"""`python -m tests.chaos.opposite_process`: the transactions of `opposite_orders`, in a process of the hub."""

import argparse
import json
import threading
import time
from pathlib import Path

import django

django.setup()

from django.db import connection, connections, transaction  # noqa: E402

import hub  # noqa: E402
from hub.audience.models import Subscriber  # noqa: E402
from hub.notifications import fan_out  # noqa: E402
from hub.notifications.models import FanOut  # noqa: E402

LANES = 8  # pairs at a time; each of their threads has a connection of its own
PATIENCE = 20.0


class Pairs:
    """In each lane two threads meet, then notify the same two users in opposite orders."""

    def __init__(self, pairs: int) -> None:
        self.users = list(Subscriber.objects.select_related("tenant").order_by("external_id")[:2])
        self.rounds = [pairs // LANES + (lane < pairs % LANES) for lane in range(LANES)]
        self.failures: list[str] = []

    def run(self) -> None:
        threads = []
        for rounds in self.rounds:
            meeting = threading.Barrier(2, timeout=60)
            orders = (self.users, self.users[::-1])
            threads += [threading.Thread(target=self._lane, args=(rounds, users, meeting)) for users in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _lane(self, rounds: int, users: list[Subscriber], meeting: threading.Barrier) -> None:
        for _ in range(rounds):
            meeting.wait()
            try:
                notify(users)
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            finally:
                connections.close_all()


@transaction.atomic
def notify(users: list[Subscriber]) -> None:
    """Each alone, then both together, in this order."""
    for user in users:
        hub.notify(tenant=user.tenant, to=user.external_id, title="Opposite")
    hub.notify(tenant=users[0].tenant, to=[user.external_id for user in users], title="Opposite")


def finish_fan_outs() -> None:
    """As the sweeper would, until nothing is left."""
    deadline = time.monotonic() + PATIENCE
    while FanOut.objects.filter(done_at=None).exists() and time.monotonic() < deadline:
        fan_out.sweep()
        time.sleep(0.1)


def main(pairs: int, output: Path) -> None:
    work = Pairs(pairs)
    connection.close()
    began = time.monotonic()
    work.run()
    seconds = time.monotonic() - began
    finish_fan_outs()
    output.write_text(json.dumps({"seconds": seconds, "failures": work.failures}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    main(wanted.pairs, wanted.output)
