"""A real browser. Async throughout: Playwright's sync API leaves a running loop behind, which Django refuses to work in."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from project.bootstrap.browser import find_browser
from tests.browser.demo import Demo
from tests.support.live import LiveHub

# milliseconds: drawing a long page takes a busy machine more than the usual five seconds
PATIENCE = 30_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Its path. Without one the tests fail: they are never skipped."""
    return find_browser()


# One browser for all tests, so one loop for all of them; each test has a context of its own.
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def demo(browser: Browser, live_hub: LiveHub) -> AsyncIterator[Demo]:
    """The demo page, both users online and nothing new in their bells. It must end without a word in the console."""
    demo = await Demo.open(browser, live_hub)
    yield demo
    await demo.page.context.close()
    assert demo.complaints == []
