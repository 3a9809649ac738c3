"""Alice's and Bob's tenant has a server, as has the stranger's; all three have tokens.

A test that needs its writes committed says `@commits`; the others are rolled back, which is faster.
"""

from datetime import timedelta

import pytest

from hub.audience.models import Subscriber
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key
from hub.tenancy.tokens import mint
from tests.api.client import Api
from tests.support.factories import make_subscriber, make_tenant


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def charlie() -> Subscriber:
    return make_subscriber(make_tenant("stranger"), "charlie", name="Charlie", email="charlie@example.com")


@pytest.fixture
def server(tenant: Tenant) -> Api:
    return Api(create_api_key(tenant=tenant, name="server", scopes=["*"])[1])


@pytest.fixture
def stranger(charlie: Subscriber) -> Api:
    """The server of Charlie's tenant."""
    return Api(create_api_key(tenant=charlie.tenant, name="stranger", scopes=["*"])[1])


@pytest.fixture
def as_alice(alice: Subscriber) -> Api:
    return Api(mint(subscriber=alice, ttl=timedelta(hours=1)))


@pytest.fixture
def as_bob(bob: Subscriber) -> Api:
    return Api(mint(subscriber=bob, ttl=timedelta(hours=1)))


@pytest.fixture
def as_charlie(charlie: Subscriber) -> Api:
    return Api(mint(subscriber=charlie, ttl=timedelta(hours=1)))


@pytest.fixture
def nobody() -> Api:
    """A caller without any credential."""
    return Api()
