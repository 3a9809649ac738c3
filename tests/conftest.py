"""Fixtures of the whole suite. Alice and Bob belong to one tenant; Charlie, of another, must have access to nothing."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from hub import wake
from hub.audience.models import Subscriber
from hub.presence import redis_client
from hub.tenancy.models import Tenant
from tests.support.factories import make_subscriber, make_tenant
from tests.support.queues import awaitable, hints_are_sent


@pytest.fixture(scope="session", autouse=True)
def _no_list_of_static_files() -> Iterator[None]:
    """WhiteNoise would read all of them anew for every test client: most of what a request of a test takes."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _hints_can_be_awaited() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wake, "_send", awaitable(wake._send))
        yield


@pytest.fixture(autouse=True)
def _clean_redis() -> Iterator[None]:
    yield
    hints_are_sent()
    redis_client().flushdb()


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def alice(tenant: Tenant) -> Subscriber:
    return make_subscriber(tenant, "alice", name="Alice", email="alice@example.com")


@pytest.fixture
def bob(tenant: Tenant) -> Subscriber:
    return make_subscriber(tenant, "bob", name="Bob", email="bob@example.com")


@pytest.fixture
def charlie(transactional_db: None) -> Subscriber:
    return make_subscriber(make_tenant("stranger"), "charlie", name="Charlie", email="charlie@example.com")


@pytest.fixture
def browser() -> Client:
    """Somebody who runs the hub is logged in to its admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client
