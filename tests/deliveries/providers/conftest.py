"""Emulators, for all who speak to them."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from project.emulators.apns import Apns
from project.emulators.base import Emulator
from project.emulators.serving import serving
from tests.deliveries.providers.subjects import Subject
from tests.support.outbound import let_in


@pytest.fixture
def apns(settings: Settings) -> Iterator[Apns]:
    with serving(apns := Apns()):
        let_in(settings, apns.url)
        yield apns


@pytest.fixture
def emulator(subject: Subject, settings: Settings) -> Iterator[Emulator]:
    emulator = subject.emulator()
    with serving(emulator):
        let_in(settings, emulator.url)
        yield emulator
