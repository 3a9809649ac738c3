"""`python -m tests.docs.mails`: draws the pictures of the shop's mails anew, `docs/images/mails-*.png`, from their examples."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import django
import yaml
from playwright.async_api import Browser, Route, async_playwright

django.setup()

from deliveries.providers.mail_message import build  # noqa: E402
from hub.content import packs  # noqa: E402
from hub.content.parts import PublishedParts  # noqa: E402
from hub.content.render import render  # noqa: E402
from hub.tenancy.branding import branding_of  # noqa: E402
from hub.tenancy.models import Tenant  # noqa: E402
from project.bootstrap.browser import find_browser  # noqa: E402
from tests.support.works import make_work  # noqa: E402

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PACK = Path(packs.__file__).with_name("shop.yaml")
SHOP = Tenant(
    slug="tea",
    name="Tea & Cups",
    branding={
        "logo_url": "https://tea.example/logo.svg",
        "colour": "#0f766e",
        "address": "Tea & Cups Ltd, 1 High Street, York YO1 7HX",
        "support_url": "https://tea.example/help",
    },
)
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="176" height="40" viewBox="0 0 176 40"><g fill="#0f766e">
<path d="M4 10h26v9a11 11 0 0 1-11 11h-4A11 11 0 0 1 4 19z"/><rect x="2" y="33" width="30" height="4" rx="2"/></g>
<path d="M30 13h3a5 5 0 0 1 0 10h-4" fill="none" stroke="#0f766e" stroke-width="3"/>
<text x="48" y="28" font-family="Georgia, serif" font-size="23" font-weight="bold" fill="#0f766e">Tea &amp; Cups</text></svg>"""
# name of the picture → the screen, and how many mails stand in a row
SCREENS: dict[str, tuple[int, int, dict[str, Any]]] = {
    "desktop": (640, 3, {}),
    "phone": (360, 5, {}),
    "dark": (360, 5, {"color_scheme": "dark"}),
}


def mails() -> list[str]:
    """The HTML of each, in the order of the pack."""
    pack = yaml.safe_load(PACK.read_text())
    parts = PublishedParts({key: one for key, one in pack.items() if one.get("kind") == "layout"})
    return [_mail(one, parts) for one in pack.values() if "example" in one]


def _mail(template: dict[str, Any], parts: PublishedParts) -> str:
    rendered = render(tenant=SHOP, template=template, parts=parts, channels=["email"], data=template["example"])
    content, bodies = rendered.whole()
    message = build(make_work(content | bodies["email"], branding=branding_of(SHOP)))
    return str(message.alternatives[0][0])


async def draw(browser: Browser, name: str, pages: list[str]) -> None:
    """One picture: the mails on a screen, side by side at half their size."""
    width, columns, scheme = SCREENS[name]
    screen = await browser.new_context(viewport={"width": width, "height": 200}, device_scale_factor=2, **scheme)
    await screen.route("**/*", _answer)
    shots = []
    for html in pages:
        page = await screen.new_page()
        await page.set_content(html, wait_until="networkidle")
        shots.append(b64encode(await page.screenshot(full_page=True)).decode())
    half = width // 2
    images = "".join(f'<img width="{half}" src="data:image/png;base64,{shot}">' for shot in shots)
    sheet = await browser.new_page(viewport={"width": columns * (half + 12) + 12, "height": 100}, device_scale_factor=2)
    look = f"display:grid;grid-template-columns:repeat({columns},{half}px);gap:12px;align-items:start;padding:12px"
    await sheet.set_content(f'<body style="margin:0;background:#9ca3af"><div style="{look}">{images}</div>')
    await sheet.screenshot(path=IMAGES / f"mails-{name}.png", full_page=True)


async def _answer(route: Route) -> None:
    await route.fulfill(body=LOGO, content_type="image/svg+xml")


async def main() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for name in SCREENS:
            await draw(browser, name, mails())
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
