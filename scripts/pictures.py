#!/usr/bin/env python3
"""Takes the pictures of the main pages into docs/images: in both languages, 1280 and 390 px wide, light, one of them dark.

    .venv/bin/python scripts/pictures.py [--into FOLDER] [--all]

Needs the packages of the tests and Chromium (AVANAK_CHROMIUM).  The engine and the web UI run on the embedded
switch in a temporary folder, with a small house of accounts, campaigns and tickets.  With --all every page of the
bench's list is taken, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 - the path comes first

from engine.bench.page_data import OWNER, House, Made, add_owner, fill  # noqa: E402
from engine.bench.pages import COMMON, CUSTOMER, STAFF  # noqa: E402
from engine.clock import monotonic_s, wall_ms  # noqa: E402
from engine.config import load_settings  # noqa: E402
from engine.services.messages import prompts  # noqa: E402
from engine.services.overview.alarms import engine_seen  # noqa: E402
from engine.store import database  # noqa: E402
from engine.store.threads import close_readers, read, write  # noqa: E402

PASSWORD = "a password for pictures"
CHROMIUM = os.environ.get("AVANAK_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
WIDTHS = {"wide": 1280, "phone": 390}
LANGUAGES = {"fa": "fa-IR", "en": "en-US"}
MAIN = {
    "staff": {"board": "/", "campaigns": "/campaigns", "tickets": "/tickets", "gateways": "/trunks"},
    "customer": {
        "home": "/", "new-campaign": "/campaigns/new", "campaign": "/campaigns/{campaign}",
        "results": "/campaigns/{campaign}/results", "messages": "/messages", "balance": "/balance",
    },
}  # fmt: skip
USERS = {"staff": "admin", "customer": OWNER}


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Made]]:
    """The address of an engine with its web UI, beside a house of its own."""
    with subprocess.Popen(
        [sys.executable, ROOT / "tests/webui/served.py", folder / "var", PASSWORD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        address = process.stdout.readline().strip()
        settings = load_settings(data_dir=folder / "var", log_level="WARNING")
        database.open_database(settings.database)
        prompt = prompts.store_prompt(
            ROOT / "scripts/sample/message.wav", settings.prompts_dir, "message.wav", trims=False, account=1
        )[0]
        made = write(lambda: fill(House(recipients=400, accounts=60, campaigns=330, tickets=60), prompt))
        write(lambda: add_owner(made.account, USERS["staff"]))
        until = monotonic_s() + 60
        while not read(lambda: engine_seen(wall_ms()))[0] and monotonic_s() < until:
            time.sleep(0.2)  # before its first pulse the pages say that no engine runs
        yield address, made
        close_readers()
        process.stdin.close()


@contextmanager
def visited() -> Iterator[tuple[Browser, str, dict[str, int]]]:
    """A browser, the address of a house that is served, and what stands for the names in its paths."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (address, made),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser, address, {
            "account": made.account, "campaign": made.campaign, "ticket": made.ticket, "message": made.message,
        }  # fmt: skip
        browser.close()


def entered(browser: Browser, address: str, who: str, language: str, width: int, dark: bool) -> Page:
    """A page of somebody who has logged in."""
    context = browser.new_context(
        base_url=address, locale=LANGUAGES[language], viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/login")
    page.locator("#username").fill(USERS[who])
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.wait_for_selector("header")
    if page.locator("html").get_attribute("lang") != language:
        if width < 992:
            page.locator(".navbar-toggler").click()
        page.locator(f"button[lang={language}]").click()
        page.wait_for_selector(f"html[lang={language}]")
    return page


def take(page: Page, path: str, file: Path) -> None:
    """One picture, of the whole page but no more than three screens."""
    page.goto(path)
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    width = page.viewport_size["width"] if page.viewport_size else 1280
    height = min(2700, int(page.evaluate("document.documentElement.scrollHeight")))
    page.screenshot(path=file, clip={"x": 0, "y": 0, "width": width, "height": height}, full_page=True)
    over = int(page.evaluate("document.documentElement.scrollWidth")) - width
    print(f"{file.name}{f'   {over} px too wide' if over > 0 else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--all", action="store_true")
    chosen = parser.parse_args()
    pages = MAIN
    if chosen.all:
        pages = {
            who: {path.strip("/").replace("/", "-").replace("?", "-") or "start": path for path in paths}
            for who, paths in (("staff", (*COMMON, *STAFF)), ("customer", (*COMMON, *CUSTOMER)))
        }
    chosen.into.mkdir(parents=True, exist_ok=True)
    with visited() as (browser, address, ids):
        for who, named in pages.items():
            for language in LANGUAGES:
                for size, width in WIDTHS.items():
                    page = entered(browser, address, who, language, width, dark=False)
                    for name, path in named.items():
                        take(page, path.format(**ids), chosen.into / f"{who}-{name}-{language}-{size}.png")
                    page.context.close()
        page = entered(browser, address, "staff", "fa", WIDTHS["wide"], dark=True)
        take(page, "/", chosen.into / "staff-board-fa-dark.png")


if __name__ == "__main__":
    main()
