"""From a messy workbook to a campaign that runs, in a real browser, in both languages."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.webui.test_web_browser import ROOT, address, chromium, log_in, page
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address", "chromium", "page"]

pytestmark = in_a_browser

WORDS = {
    "en": {"calls": "To be called", "refused": "This is not a telephone number.", "state": "Running", "name": "Bills"},
    "fa": {"calls": "۲۸", "refused": "این یک شمارهٔ تلفن نیست.", "state": "در حال اجرا", "name": "قبض‌ها"},
}  # fmt: skip


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A title over the table, codes that look like landlines, a hidden row, a duplicate, a word; and another sheet."""
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "جلد"
    cover.append(["گزارش آبان"])
    sheet = book.create_sheet("مشترکان")
    sheet.append(["فهرست مشترکان"])
    sheet.merge_cells("A1:E1")
    sheet.append([])
    sheet.append(["ردیف", "کد ملی", "نام مشترک", "تلفن ثابت", "موبایل"])
    for n in range(30):
        landline = "021-8812" + f"{n:04d}" if n % 3 == 0 else ""
        sheet.append(
            [n + 1, f"{4_410_000_000 + n * 37:010d}", f"مشترک {n}", landline, 9_121_000_003 + 10 * n]
        )
    sheet.append([31, "4410009999", "تکراری", "", "0912 100 0003"])
    sheet.append([32, "4410009998", "بی‌شماره", "", "ندارد"])
    sheet.row_dimensions[5].hidden = sheet.row_dimensions[6].hidden = True
    path = tmp_path / "مشترکان آبان.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("language", ["fa", "en"])
def test_from_a_messy_workbook_to_a_running_campaign(page: Page, workbook: Path, language: str) -> None:
    words = WORDS[language]
    if language == "fa":
        page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, language)
    page.goto("/campaigns/new")
    page.locator("#numbers").set_input_files(workbook)
    expect(page.locator(".drop-name")).to_have_text(workbook.name)
    page.locator("form.uploads button[type=submit]").click()
    # The sheet, the header, the numbers and the names were found; that is a proposal.
    expect(page.locator("#role_5")).to_have_value("number")
    expect(page.locator("#role_3")).to_have_value("name")
    expect(page.locator(".preview tbody tr")).to_have_count(10)
    # The landlines have no mobiles: a warning says so, and it is put right in place.
    page.locator("#role_4").select_option("number")
    expect(page.locator("#role_5")).to_have_value("keep")
    page.locator("button[value=read]").click()
    expect(page.locator(".list-note").first).to_be_visible()
    page.locator("#role_5").select_option("number")
    page.locator("#role_2").select_option("ignore")
    page.locator("button[value=read]").click()
    expect(page.locator(".tile").first).to_contain_text(words["calls"])
    expect(page.locator(".reasons")).to_contain_text(words["refused"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("button[value=next]").click()
    sound = page.locator("details", has=page.locator("#upload-sound"))
    if sound.get_attribute("open") is None:
        sound.locator("summary").click()
    page.locator("#upload-sound").set_input_files(ROOT / "scripts/sample/message.wav")
    sound.locator("button[type=submit]").click()
    expect(page.locator(".chosen-message .player")).to_be_visible()
    page.locator("button[value=next]").click()
    # What is wrong is said at once; the list and the message are still there.
    page.locator("#max_tries").fill("99")
    page.locator("#rules .foot button").click()
    expect(page.locator(".invalid-feedback")).to_have_count(2)
    page.locator("#name").fill(words["name"])
    page.locator("#max_tries").fill("1")
    page.locator("#windows").fill("")
    page.locator("#rules .foot button").click()
    expect(page.locator("#ends time")).to_be_visible()
    expect(page.locator("#chosen-rules")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("button[value=start]").click()
    expect(page.locator(".head .state")).to_have_text(words["state"])
