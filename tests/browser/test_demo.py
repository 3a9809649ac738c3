"""The demo page in a real browser, against a whole hub."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.browser.demo import Demo, some_title

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_rest_call_rings_the_bell(demo: Demo) -> None:
    title = some_title("Rings")
    await demo.notify(title)
    await expect(demo.bob.item(title)).to_be_visible()
    await expect(demo.bob.badge).to_have_text("1")
    await expect(demo.bob.root.locator("[data-part=live]")).to_have_text(f"New for Bob: {title}")
    await expect(demo.alice.item(title)).to_have_count(0)
    await expect(demo.alice.badge).to_be_hidden()


async def test_the_form_sends_to_both(demo: Demo) -> None:
    title = some_title("Both")
    await demo.send(title, to="Both")
    await expect(demo.page.locator("#sent")).to_have_text("Accepted")
    for pane in (demo.alice, demo.bob):
        await expect(pane.item(title)).to_be_visible()


async def test_who_is_away_finds_one_email_and_the_item_on_return(demo: Demo) -> None:
    title = some_title("Away")
    await demo.bob.set_away(True)
    await demo.send(title)
    await demo.mails(title)
    await expect(demo.bob.item(title)).to_have_count(0)
    mailbox = await demo.page.context.new_page()
    await mailbox.goto(demo.hub.process.mailbox_url)
    await expect(mailbox.get_by_text(title).first).to_be_visible()
    await demo.bob.set_away(False)
    await expect(demo.bob.item(title)).to_be_visible()
    await asyncio.sleep(2)
    [mail] = await demo.mails(title)
    assert "bob@example.com" in str(mail["to"])


async def test_who_is_here_gets_no_email(demo: Demo) -> None:
    seen, missed = some_title("Seen"), some_title("Missed")
    await demo.send(seen, to="Alice")
    await expect(demo.alice.item(seen)).to_be_visible()
    await demo.bob.set_away(True)
    await demo.send(missed)
    await demo.mails(missed)
    assert seen not in {mail["subject"] for mail in await asyncio.to_thread(demo.hub.process.mails)}


async def test_coming_back_catches_up_over_the_socket_alone(demo: Demo) -> None:
    titles = [some_title(f"Missed {number}") for number in range(12)]
    await demo.bob.set_away(True)
    for title in titles:
        await demo.notify(title)
    demo.requests.clear()
    await demo.bob.set_away(False)
    await expect(demo.bob.badge).to_have_text("12")
    shown = await demo.bob.root.locator(".item [data-part=title]").all_text_contents()
    assert shown[:12] == titles[::-1]
    assert demo.requests == []


async def test_tabs_agree(demo: Demo, browser: Browser) -> None:
    read, archived, snoozed, deleted = (some_title(what) for what in ("Read", "Archived", "Snoozed", "Deleted"))
    for title in (read, archived, snoozed, deleted):
        await demo.notify(title)
    await expect(demo.bob.item(deleted)).to_be_visible()
    other = await Demo.open(browser, demo.hub)
    await demo.bob.use(read, "read")
    await demo.bob.use(archived, "archive")
    await demo.bob.use(snoozed, "snooze")
    await demo.bob.use(deleted, "delete")
    for tab in (demo, other):
        await expect(tab.bob.item(read)).not_to_have_class("item unread")
        for title in (archived, snoozed, deleted):
            await expect(tab.bob.item(title)).to_have_count(0)
    await other.bob.show("snoozed")
    await other.bob.use(snoozed, "snooze")
    await other.bob.show("archived")
    await other.bob.use(archived, "archive")
    for title in (archived, snoozed):
        await expect(demo.bob.item(title)).to_be_visible()
    await expect(demo.bob.item(deleted)).to_have_count(0)
    await other.page.context.close()
    assert other.complaints == []


async def test_all_is_marked_read_at_once(demo: Demo) -> None:
    titles = [some_title(f"All {number}") for number in range(3)]
    for title in titles:
        await demo.notify(title)
    await expect(demo.bob.item(titles[-1])).to_be_visible()
    await demo.bob.root.get_by_role("button", name="Mark all read").click()
    await expect(demo.bob.root.locator(".item.unread")).to_have_count(0)
    await expect(demo.bob.badge).to_be_hidden()
    await demo.page.reload()
    await expect(demo.bob.item(titles[0])).to_be_visible()
    await expect(demo.bob.root.locator(".item.unread")).to_have_count(0)


async def test_what_is_wrong_is_said_at_its_field(demo: Demo) -> None:
    form = demo.page.locator("#compose")
    await form.get_by_label("Link").fill("javascript:alert(1)")
    await form.get_by_role("button", name="Send").click()
    await expect(form.locator("#error-action_url")).to_be_visible()
    await expect(form.get_by_label("Link")).to_be_focused()
    await form.get_by_label("Link").fill("/demo/")
    await form.get_by_role("button", name="Send").click()
    await expect(form.locator("#error-action_url")).to_be_hidden()
    await expect(demo.page.locator("#sent")).to_have_text("Accepted")
    # A browser notes every 4xx in the console; this one was asked for.
    demo.complaints = [complaint for complaint in demo.complaints if "422" not in complaint]


async def test_the_keyboard_does_it_all(demo: Demo) -> None:
    first, second = some_title("First"), some_title("Second")
    for title in (first, second):
        await demo.notify(title)
        await expect(demo.bob.item(title)).to_be_visible()
    await demo.bob.item(second).locator("[data-do=delete]").focus()
    await demo.page.keyboard.press("Enter")
    await expect(demo.bob.item(second)).to_have_count(0)
    await expect(demo.bob.item(first).locator("[data-do=delete]")).to_be_focused()
    await demo.bob.root.get_by_role("switch").focus()
    await demo.page.keyboard.press("Space")
    await expect(demo.bob.state).to_have_text("away")


async def test_text_is_shown_as_text(demo: Demo) -> None:
    title = some_title("<img src=x onerror=alert(1)>")
    await demo.notify(title)
    await expect(demo.bob.item(title)).to_be_visible()
    await expect(demo.bob.root.locator(".item img")).to_have_count(0)


async def test_tokens_are_for_the_demo_s_users_alone_and_sending_needs_the_page(demo: Demo) -> None:
    request, url = demo.page.request, f"{demo.hub.url}/demo"
    assert (await request.get(f"{url}/token?user=alice")).status == 200
    assert (await request.get(f"{url}/token?user=charlie")).status == 404
    assert (await request.post(f"{url}/notify", data={"to": ["bob"], "title": "Forged"})).status == 403
    token = await demo.page.locator("[name=csrfmiddlewaretoken]").input_value()
    headers = {"X-CSRFToken": token, "Referer": url}
    for to in (["charlie"], "bob", [], [{"email": "x@example.com"}]):
        answer = await request.post(f"{url}/notify", headers=headers, data={"to": to, "title": "Stray"})
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "to")
