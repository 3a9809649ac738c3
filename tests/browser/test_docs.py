"""The page that shows the OpenAPI document in a real browser, against a whole hub."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from hub.api.openapi.document import document, operations
from tests.browser.demo import some_title
from tests.support.live import LiveHub

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def docs(browser: Browser, live_hub: LiveHub) -> AsyncIterator[Page]:
    """The page, its document shown. It must end without a word in the console, where a browser also says what the policy
    forbade, and without having asked another host."""
    context = await browser.new_context()
    page, complaints, asked = await context.new_page(), list[str](), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{live_hub.api}/docs")
    await expect(page.locator(".opblock").first).to_be_visible()
    yield page
    await context.close()
    assert complaints == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(live_hub.url).netloc}


async def test_every_operation_is_shown(docs: Page) -> None:
    await expect(docs).to_have_title("Notification Hub · API")
    await expect(docs.locator(".opblock-summary")).to_have_count(len(list(operations())) + len(document()["webhooks"]))
    for method, path in (("POST", "/notifications"), ("GET", "/inbox"), ("GET", "/livez")):
        await expect(operation(docs, method, path)).to_be_visible()


async def test_trying_it_out_calls_the_hub_with_the_key_until_the_page_is_left(docs: Page, live_hub: LiveHub) -> None:
    title = some_title("Tried")
    await authorise(docs, live_hub.api_key)
    send = operation(docs, "POST", "/notifications")
    await send.locator(".opblock-summary-control").click()
    await send.get_by_role("button", name="Try it out").click()
    await send.locator("textarea.body-param__text").fill(f'{{"to": "alice", "title": "{title}"}}')
    await send.get_by_role("button", name="Execute").click()
    answer = send.locator(".live-responses-table")
    await expect(answer.locator(".response-col_status").last).to_contain_text("202")
    await expect(answer.locator(".response-col_description").last).to_contain_text(title)
    await docs.reload()
    await expect(docs.locator(".authorize.unlocked").first).to_be_visible()


async def test_the_demo_leads_to_it(docs: Page, live_hub: LiveHub) -> None:
    demo = await docs.context.new_page()
    await demo.goto(f"{live_hub.url}/demo/")
    async with demo.expect_popup() as opened:
        await demo.get_by_role("link", name="API").click()
    assert (await opened.value).url == docs.url


async def authorise(docs: Page, key: str) -> None:
    await docs.locator(".auth-wrapper .authorize").click()
    form = docs.locator(".auth-container", has=docs.get_by_text("server_key (http, Bearer)"))
    await form.locator("input").fill(key)
    await form.get_by_role("button", name="Apply credentials").click()
    await docs.locator(".modal-ux .close-modal").click()


def operation(docs: Page, method: str, path: str) -> Locator:
    method_shown = docs.locator(".opblock-summary-method", has_text=method)
    return docs.locator(".opblock", has=method_shown).filter(has=docs.locator(f'[data-path="{path}"]'))
