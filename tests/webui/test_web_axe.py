"""What axe-core says of every page: staff's in Persian by day, customers' in English by night on a telephone.

Every route is asked for as each of them has it and laid before Chromium; the pages that fill with work are looked at
on a server with a house of accounts and campaigns.  Of pages with the same template the first is looked at.
AVANAK_AXE=all takes each page, language, width and light.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import axe_playwright_python
import pytest
from flask import Flask, template_rendered
from jinja2 import Template
from playwright.sync_api import Browser, Page, Route

from engine.bench.page_data import OWNER, House, Made, add_owner, fill
from engine.config import load_settings
from engine.services.messages import prompts
from engine.store import database
from engine.store.tables.core import User
from engine.store.threads import close_readers, write
from tests.webui.test_pages_walk import COMMON, CUSTOMERS, OPEN, OWNED, STAFF_ONLY, routes
from tests.webui.test_web_browser import PASSWORD, ROOT, address, chromium
from tests.webui.test_web_browser import pytestmark as in_a_browser
from tests.webui.wizard import settings, whole
from tests.webui.world import World

__all__ = ["address", "chromium", "settings"]

pytestmark = in_a_browser

FRAME = "header"  # the same on each page of a person: looked at on the first
NO_FILE = re.compile(r"^https?://[^/]+/(?!static/)")
WIDTHS = {"wide": 1280, "phone": 390}
SHOWN = {
    "admin": COMMON | STAFF_ONLY | OWNED | OPEN - {"api_docs.page"},  # that one is Swagger's
    "owner": COMMON | CUSTOMERS | OWNED | OPEN - {"api_docs.page"},
}
IS_WHOLE = os.environ.get("AVANAK_AXE") == "all"
SEEN = (
    list(product(SHOWN, ("fa", "en"), WIDTHS, ("light", "dark")))
    if IS_WHOLE
    else [("admin", "fa", "wide", "light"), ("owner", "en", "phone", "dark")]
)
PARTS = 2  # of the routes, so that no test takes a minute
FULL = ("/campaigns", "/campaigns/{campaign}", "/campaigns/{campaign}/results", "/tickets", "/messages", "/")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RUN = """async (seen) => (await axe.run({ exclude: seen }, { resultTypes: ["violations"] })).violations.flatMap(
    (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary.split("\\n")[1] ?? ""}`))"""


@pytest.fixture(scope="module")
def house(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Accounts, campaigns, tickets and somebody who owns some of them, beside the server of this module."""
    folder = max(tmp_path_factory.getbasetemp().glob("served*/var"), key=lambda path: path.stat().st_ctime_ns)
    settings = load_settings(data_dir=folder, log_level="WARNING")
    database.open_database(settings.database)
    sound = ROOT / "scripts/sample/message.wav"
    prompt = prompts.store_prompt(sound, settings.prompts_dir, "message.wav", trims=False, account=1)[0]
    made = write(lambda: fill(House(recipients=60, accounts=20, campaigns=310, tickets=40), prompt))
    write(lambda: add_owner(made.account, "admin"))
    yield made
    close_readers()


@pytest.mark.timeout(120)
def test_axe_finds_nothing_on_pages_full_of_work(chromium: Browser, address: str, house: Made) -> None:
    context = chromium.new_context(
        base_url=address, locale="en-US", color_scheme="dark", reduced_motion="reduce", bypass_csp=True
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    wrong = _looked_at(page, "/login")
    page.locator("#username").fill(OWNER)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.wait_for_selector("header")
    for path in FULL:
        wrong += _looked_at(page, path.format(campaign=house.campaign))
    context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("who", "language", "width", "scheme"), SEEN)
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("unlimited")
def test_axe_finds_nothing_on_any_route(
    app: Flask,
    world: World,
    cast,
    enter,
    chromium: Browser,
    address: str,
    who: str,
    language: str,
    width: str,
    scheme: str,
    part: int,
) -> None:
    context = chromium.new_context(
        viewport={"width": WIDTHS[width], "height": 900}, color_scheme=scheme, reduced_motion="reduce"  # type: ignore[arg-type]
    )  # fmt: skip
    context.add_init_script(path=AXE)
    page, shown = context.new_page(), [""]
    page.route(NO_FILE, lambda route: _answer(route, shown[0]))
    write(lambda: User.update(language=language).where(User.username == who).execute())
    browser, wrong, seen = enter(who), [], 0
    rendered, known = [""], set[str]()

    def note(_app: Flask, template: Template, **_: object) -> None:
        rendered[0] = template.name or ""

    drafted = whole(browser, cast.sahar).removesuffix("/check").rsplit("/", 1)[-1]
    for endpoint, path in list(routes(app, world, "GET"))[part::PARTS]:
        if endpoint in SHOWN[who]:
            with template_rendered.connected_to(note, app):
                answer = browser.get(path.replace("/none", f"/{drafted}"))
            is_page = answer.status_code == 200 and answer.mimetype == "text/html"
            is_new = IS_WHOLE or rendered[0] not in known
            if is_page and is_new and answer.text.startswith("<!doctype html>"):
                known.add(rendered[0])
                shown[0] = answer.text
                wrong += _looked_at(page, address + path, [FRAME] if seen else [])
                seen += 1
    context.close()
    assert seen > (40 if IS_WHOLE else 25) // PARTS
    assert not wrong, "\n".join(wrong)


def _answer(route: Route, html: str) -> None:
    """A page that was asked for already; nothing else is reached but files, which the server of this module has."""
    if route.request.is_navigation_request():
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    else:
        route.abort()


def _looked_at(page: Page, path: str, seen: Sequence[str] = ()) -> list[str]:
    """What is wrong with a page, but for the parts that were `seen` on another; images and fonts are not waited for."""
    page.goto(path, wait_until="domcontentloaded")
    return [f"{path}: {one}" for one in page.evaluate(RUN, list(seen))]
