"""Ways out that a test opens."""

from urllib.parse import urlsplit

from pytest_django import Settings


def let_in(settings: Settings, *urls: str) -> None:
    """The hub calls the hosts of these addresses, and no others inside."""
    settings.HUB = settings.HUB | {"outbound_exempt": tuple(urlsplit(url).netloc for url in urls)}
