"""The emulator of APNs, for all who speak to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from project.emulators.apns import Apns
from project.emulators.serving import serving
from tests.support.outbound import let_in


@pytest.fixture
def apns(settings: Settings) -> Iterator[Apns]:
    with serving(apns := Apns()):
        let_in(settings, apns.url)
        yield apns
