"""The emulators that a module lists as EVERY are served while its tests run, and each test finds them as if new."""

from collections.abc import Iterator, Sequence

import pytest

from project.emulators.base import Emulator
from project.emulators.serving import serving


@pytest.fixture(scope="module")
def every(request: pytest.FixtureRequest) -> Iterator[Sequence[Emulator]]:
    emulators: Sequence[Emulator] = getattr(request.module, "EVERY", ())
    with serving(*emulators):
        yield emulators


@pytest.fixture(autouse=True)
def _behaving(every: Sequence[Emulator]) -> None:
    for emulator in every:
        emulator.recorder.clear()
        emulator.script.behave()
