"""A real browser for tests: the system's chromium, driven by playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright

PROJECT = Path(__file__).resolve().parents[2]
SCREENSHOTS = PROJECT / "build" / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHOUT = "there is no chromium on this machine: install the package chromium to run the tests in a browser"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """The browser, for the length of a block; skips the test when there is none."""
    if CHROMIUM is None:
        pytest.skip(WITHOUT)
    async with async_playwright() as driver:
        found = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield found
        finally:
            await found.close()


async def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on this page: rule and place."""
    if not await page.evaluate("typeof axe === 'object'"):
        # into the page's own world by the debugger, so that the page's CSP stays as strict as it is
        await page.evaluate(AXE_SCRIPT + "\n;true")
    found = await page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{each['id']}: {node['target'][0]} {node['failureSummary'].splitlines()[-1].strip()}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def shot(page: Page, name: str) -> None:
    """Keeps a picture of the whole page under build/screenshots/."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
