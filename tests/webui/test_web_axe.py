"""What axe-core says of every page with things on it: staff's in Persian by day, customers' in English by night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from engine.bench.page_data import OWNER, House, Made, add_owner, fill
from engine.bench.pages import COMMON, CUSTOMER, STAFF
from engine.config import load_settings
from engine.services.messages import prompts
from engine.store import database
from engine.store.threads import close_readers, write
from tests.webui.test_web_browser import PASSWORD, ROOT, address, chromium
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address", "chromium"]

pytestmark = in_a_browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(
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


@pytest.mark.parametrize(
    ("user", "locale", "scheme", "paths"),
    [
        ("admin", "fa-IR", "light", (*COMMON, *STAFF)),
        (OWNER, "en-US", "dark", (*COMMON, *CUSTOMER)),
    ],
    ids=["staff", "customer"],
)
@pytest.mark.timeout(240)
def test_axe_finds_nothing(
    chromium: Browser, address: str, house: Made, user: str, locale: str, scheme: str, paths: tuple[str, ...]
) -> None:
    context = chromium.new_context(
        base_url=address, locale=locale, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    wrong = _looked_at(page, "/login")
    page.locator("#username").fill(user)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.wait_for_selector("header")
    if locale == "en-US":
        page.locator("button[lang=en]").click()
        page.wait_for_selector("html[lang=en]")
    ids = {
        "account": house.account,
        "campaign": house.campaign,
        "ticket": house.ticket,
        "message": house.message,
    }
    for path in paths:
        if not any(part in path for part in ("/live", "/rows", "/alarms", "/charts", "/votes", "/choose")):
            wrong += _looked_at(page, path.format(**ids))
    context.close()
    assert not wrong, "\n".join(wrong)


def _looked_at(page: Page, path: str) -> list[str]:
    page.goto(path)
    page.add_script_tag(path=AXE)
    return [f"{path}: {one}" for one in page.evaluate(RUN)]
