"""Keeps children running: restarts what dies, shows what they complain about, stops them in order."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from project.progress import say, styled
from project.stack.child import Child
from project.stack.complaints import Complaints
from project.stack.errors import StackError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between a death and the restart, doubling
SETTLED = 30.0  # seconds of life after which earlier deaths are forgotten
TICK = 0.1


class Slot:
    """A place in the stack that one child after the other fills."""

    def __init__(self, name: str, launch: Callable[[], Child], child: Child | None = None) -> None:
        self.name, self.launch = name, launch
        self.child = child or launch()
        self.deaths = 0
        self.started_at = time.monotonic()
        self.restart_at: float | None = None
        self.complaints = Complaints(self.child.log)

    def tick(self, now: float) -> None:
        if self.child.running:
            self._forget_deaths(now)
        elif self.restart_at is None:
            self._plan_restart(now)
        elif now >= self.restart_at:
            self._restart(now)

    def _forget_deaths(self, now: float) -> None:
        if self.deaths and now - self.started_at > SETTLED:
            self.deaths = 0

    def _plan_restart(self, now: float) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.deaths)
        self.deaths += 1
        self.restart_at = now + pause
        say(f"  {styled('!', '33')} {self.name} {how_it_ended(self.child.exit_code)}; it starts again in {pause:g} s")

    def _restart(self, now: float) -> None:
        self.restart_at, self.started_at = None, now
        try:
            self.child = self.launch()
        except (StackError, OSError) as error:
            say(f"  {styled('!', '33')} {self.name}: {error}")


class Supervisor:
    """The slots in the order of their start; they are stopped the other way round, a group at a time."""

    def __init__(self) -> None:
        self.groups: list[list[Slot]] = []

    @property
    def slots(self) -> list[Slot]:
        return [slot for group in self.groups for slot in group]

    def add(self, *slots: Slot) -> None:
        """A group: stopped together, and before the earlier ones."""
        self.groups.append(list(slots))

    def join(self, *slots: Slot) -> None:
        """More of the group that was added last."""
        self.groups[-1] += slots

    def give_up_on_the_dying(self, deaths: int) -> None:
        """Raise if one died that often since it last settled: it will not come up by itself."""
        for slot in self.slots:
            if slot.deaths >= deaths:
                last = "".join(slot.child.last_lines(1)) or "without a word"
                raise StackError(f"{slot.name} does not stay up: {last}", f"read {slot.child.log}")

    def run(self, until: Callable[[], bool]) -> None:
        """Watch over the children until `until` says so, or forever."""
        while not until():
            now = time.monotonic()
            for slot in self.slots:
                slot.tick(now)
                slot.complaints.show(slot.name)
            time.sleep(TICK)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End every child, the ones that use a service before the service; returns when none is left."""
        for group in reversed(self.groups):
            with ThreadPoolExecutor(len(group)) as pool:
                list(pool.map(lambda slot: slot.child.stop(hurry), group))


def how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with status {code}"
