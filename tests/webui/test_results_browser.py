"""Live, results, calling the unreached and a file in a real browser, with a real engine beside it, in both languages."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.webui.test_web_browser import PASSWORD, ROOT, address, chromium, page
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address", "chromium", "page"]

pytestmark = [*in_a_browser, pytest.mark.usefixtures("unlimited")]


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Forty mobiles that people of all sorts answer, and a word."""
    path = tmp_path / "list.csv"
    lines = [f"0912{2_000_003 + 10 * n},person {n}" for n in range(40)]
    path.write_text("\n".join(["number,name", *lines, "abc,nobody"]), "utf-8")
    return path


def enter(page: Page, language: str) -> None:
    page.goto("/login")
    page.locator("#username").fill("admin")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    expect(page.locator("header")).to_be_visible()
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[lang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def draft(folder: Path, numbers: Path, name: str) -> int:
    """A draft of the house account, made beside the engine; its id."""
    made = subprocess.run(
        [sys.executable, ROOT / "tests/webui/drafted.py", folder, numbers, name],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return int(made.stdout)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_from_live_to_calling_the_unreached(
    page: Page, numbers: Path, tmp_path: Path, tmp_path_factory, language: str
) -> None:
    served = max(tmp_path_factory.getbasetemp().glob("served*/var"), key=lambda path: path.stat().st_ctime_ns)
    campaign_id = draft(served, numbers, f"Winter {language}")
    enter(page, language)
    page.goto(f"/campaigns/{campaign_id}")
    page.locator("form[action$='/start'] button").click()
    state = page.locator(".head .state")
    expect(page.locator("#results")).to_be_visible(timeout=60_000)
    # It is changed while it runs; the page of the campaign says so afterwards.
    page.locator("#change").click()
    page.locator("#name").fill(f"Winter again {language}")
    page.locator("main form.whole button.btn-primary").click()
    expect(page.locator("h1")).to_have_text(f"Winter again {language}")
    expect(state).to_have_class(re.compile("state-finished"), timeout=90_000)

    page.locator("#results").click()
    expect(page.locator("#recipients tbody tr")).to_have_count(41)
    page.locator("#outcome").select_option("busy")
    page.locator("#people form").first.locator("button").click()
    expect(page).to_have_url(re.compile("outcome=busy"))
    shown = page.locator("#recipients tbody tr").count()
    with page.expect_download() as waiting:
        page.locator("#people a[download]", has_text="CSV").click()
    saved = tmp_path / "busy.csv"
    waiting.value.save_as(saved)
    assert waiting.value.suggested_filename.startswith(f"Winter again {language} - ")
    with saved.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == shown > 0
    assert {row["disposition"] for row in rows} == {"busy"}
    page.locator("#recipients details summary").first.click()
    expect(page.locator("#recipients .tries").first).to_be_visible()

    page.locator("#again").click()
    page.locator("input[name=only]").evaluate_all(
        "boxes => boxes.forEach(box => { box.checked = box.value === 'busy' })"
    )
    page.locator("#name").fill(f"Busy {language}")
    page.locator("button#again").click()
    expect(page.locator("h1")).to_have_text(f"Busy {language}")
    expect(state).to_have_class(re.compile("state-draft"))
    expect(page.locator("#done")).to_contain_text(str(shown) if language == "en" else "/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
