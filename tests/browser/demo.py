"""The demo page as its user sees it."""

import asyncio
import uuid
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.support.live import LiveHub


class Pane:
    """One user's half of the page."""

    def __init__(self, page: Page, user: str) -> None:
        self.root = page.locator(f"[data-user={user}]")
        self.badge = self.root.locator("[data-part=badge]")
        self.state = self.root.locator("[data-part=state]")

    def item(self, title: str) -> Locator:
        return self.root.locator(".item", has=self.root.page.get_by_text(title, exact=True))

    async def use(self, title: str, tool: str) -> None:
        """Press one of an item's buttons: read, archive, snooze or delete."""
        await self.item(title).locator(f"[data-do={tool}]").click()

    async def show(self, filter_name: str) -> None:
        await self.root.locator(f"[data-filter={filter_name}]").click()

    async def set_away(self, away: bool) -> None:
        await self.root.get_by_role("switch").click()
        await expect(self.state).to_have_text("away" if away else "online")

    async def see_all(self) -> None:
        """Press the bell: the badge goes."""
        await expect(self.state).to_have_text("online")
        await self.root.locator("[data-part=bell]").click()
        await expect(self.badge).to_be_hidden()


class Demo:
    """`complaints`: errors of the page, its console and its requests; `requests`: the REST calls it made."""

    def __init__(self, page: Page, hub: LiveHub) -> None:
        self.page = page
        self.hub = hub
        self.alice, self.bob = Pane(page, "alice"), Pane(page, "bob")
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self.requests.append(request.url) if "/inbox" in request.url else None)

    @classmethod
    async def open(cls, browser: Browser, hub: LiveHub) -> "Demo":
        context = await browser.new_context()
        demo = cls(await context.new_page(), hub)
        await demo.page.goto(f"{hub.url}/demo/")
        for pane in (demo.alice, demo.bob):
            await pane.see_all()
        return demo

    async def notify(self, title: str, *, to: str = "bob") -> None:
        """What an application does: one REST call with its key."""
        answer = await self.page.request.post(
            f"{self.hub.api}/notifications",
            headers={"Authorization": f"Bearer {self.hub.api_key}"},
            data={"to": to, "title": title},
        )
        assert answer.status == 202, await answer.text()

    async def send(self, title: str, *, to: str = "Bob") -> None:
        """Fill the form in and send it."""
        form = self.page.locator("#compose")
        await form.get_by_text(to, exact=True).click()
        await form.get_by_label("Title").fill(title)
        await form.get_by_role("button", name="Send").click()

    async def mails(self, subject: str, *, within: float = 30.0) -> list[dict[str, Any]]:
        """The mails with this subject, once there is one."""
        for _ in range(int(within / 0.2)):
            found = [mail for mail in await asyncio.to_thread(self.hub.process.mails) if mail["subject"] == subject]
            if found:
                return found
            await asyncio.sleep(0.2)
        raise AssertionError(f"no mail says {subject!r}")


def some_title(what: str) -> str:
    """Unlike any other: the demo's users are shared by the tests."""
    return f"{what} {uuid.uuid4().hex[:8]}"
