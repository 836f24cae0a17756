"""The whole way in a real browser, in both languages: from a messy workbook to the file of those who were called again."""

from __future__ import annotations

import base64
import csv
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Download, Page, expect

from tests.webui.test_web_browser import address, chromium, log_in, page, upload_a_sound
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address", "chromium", "page"]

pytestmark = [*in_a_browser, pytest.mark.usefixtures("unlimited")]

WORDS = {
    "fa": {
        "calls": "۲۹", "refused": "این یک شمارهٔ تلفن نیست.", "state": "در حال اجرا", "name": "قبض‌های آبان",
        "other": "قبض‌ها", "done": "۲۹ / ۲۹", "delivered": "۱۴", "again": "اشغال‌ها", "redialled": "۱۰ / ۱۰",
        "busy": "خط اشغال بود", "width": 390, "area": "0912",
    },
    "en": {
        "calls": "29", "refused": "This is not a telephone number.", "state": "Running", "name": "Bills of Aban",
        "other": "Bills", "done": "29 / 29", "delivered": "14", "again": "The busy ones", "redialled": "10 / 10",
        "busy": "Line was busy", "width": 1280, "area": "0919",
    },
}  # fmt: skip
# How those who are called behave (engine/embedded/people.py): hear all, press 1, are busy, are busy once, hang up.
ENDINGS = ("0000", "0008", "0000", "0001", "0015", "0007")
DROP = """([data, name]) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0)), files = new DataTransfer();
    files.items.add(new File([bytes], name));
    return files;
}"""


@pytest.fixture
def workbook(tmp_path: Path, language: str) -> Path:
    """A title over the table, codes that look like landlines, hidden rows, a duplicate, a word, two numbers in a cell;
    and another sheet."""
    area = WORDS[language]["area"]
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
        mobile = int(f"{area}{100 + n}{ENDINGS[n % 6]}")
        sheet.append([n + 1, f"{4_410_000_000 + n * 37:010d}", f"مشترک {n}", landline, mobile])
    sheet.append([31, "4410009999", "تکراری", "", f"{area} 103 0001"])
    sheet.append([32, "4410009998", "بی‌شماره", "", "ندارد"])
    sheet.append([33, "4410009997", "دوشماره", "", f"{area}9990008 / {area}9980008"])
    sheet.row_dimensions[5].hidden = sheet.row_dimensions[6].hidden = True
    path = tmp_path / "مشترکان آبان.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("language", ["fa", "en"])
def test_from_a_messy_workbook_to_those_who_were_called_again(
    page: Page, workbook: Path, tmp_path: Path, language: str
) -> None:
    words = WORDS[language]
    page.set_viewport_size({"width": words["width"], "height": 844})
    log_in(page, language)
    bring_the_list(page, workbook, words)
    choose_a_message(page)
    say_when(page, words)
    check_and_start(page, words)
    follow_it(page, words)
    look_at_the_results(page, words, tmp_path)
    call_the_busy_again(page, words, tmp_path)


def bring_the_list(page: Page, workbook: Path, words: dict) -> None:
    page.goto("/campaigns/new")
    data = base64.b64encode(workbook.read_bytes()).decode()
    files = page.evaluate_handle(DROP, [data, workbook.name])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(".drop", event, {"dataTransfer": files})
    expect(page.locator(".drop-name")).to_have_text(workbook.name)
    page.locator("form.uploads button[type=submit]").click()
    # The sheet, the header, the numbers and the names were found; that is a proposal.
    expect(page.locator("#role_5")).to_have_value("number")
    expect(page.locator("#role_3")).to_have_value("name")
    expect(page.locator(".preview tbody tr")).to_have_count(10)
    assert page.locator("th.role-number").evaluate(
        "cell => { const own = cell.getBoundingClientRect(); return own.left >= 0 && own.right <= innerWidth }"
    )
    # The landlines have no mobiles: a warning says so, and it is put right in place.
    page.locator("#role_4").select_option("number")
    expect(page.locator("#role_5")).to_have_value("keep")
    page.locator("button[value=read]").click()
    expect(page.locator(".list-note").first).to_be_visible()
    page.locator("#role_5").select_option("number")
    page.locator("#role_2").select_option("ignore")
    page.locator("button[value=read]").click()
    page.locator("#several").select_option("first")
    expect(page.locator(".tile").first).to_contain_text(words["calls"])
    expect(page.locator(".reasons")).to_contain_text(words["refused"])
    fits(page)
    page.locator("button[value=next]").click()


def choose_a_message(page: Page) -> None:
    upload_a_sound(page)
    fits(page)
    page.locator("button[value=next]").click()


def say_when(page: Page, words: dict) -> None:
    # What is wrong is said at once; the list and the message are still there.
    page.locator("#max_tries").fill("99")
    page.locator("#rules .foot button").click()
    expect(page.locator(".invalid-feedback")).to_have_count(2)
    # A day of the next month, from the calendar of the reader.
    page.locator("input[name=begins][value=later]").check()
    page.locator(".calendar-button").first.click()
    page.locator(".calendar-head button").last.click()
    page.locator(".calendar td button").first.click()
    expect(page.locator("#starts_at")).to_have_value(re.compile(r"^[\d۰-۹]{4}/[\d۰-۹]{2}/[0۰][1۱] "))
    page.locator("input[name=begins][value=now]").check()
    page.locator("#name").fill(words["name"])
    page.locator("#max_tries").fill("1")
    # The hours are drawn: from noon for as long as one draws, and taken back by typing.
    bar = page.locator("#hours-bar")
    bar.scroll_into_view_if_needed()
    page.locator("#windows").fill("")
    box = bar.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#windows")).to_have_value(re.compile(r"^\d\d:[03]0-\d\d:[03]0$"))
    page.locator("#windows").fill("")
    page.locator("#rules summary").click()
    page.locator("#vote_keys").fill("1,2")
    page.locator("#rules .foot button").click()


def check_and_start(page: Page, words: dict) -> None:
    expect(page.locator(".tile").first).to_contain_text(words["calls"])
    expect(page.locator("#ends time")).to_be_visible()
    expect(page.locator("#chosen-rules")).to_be_visible()
    fits(page)
    page.locator("button[value=start]").click()


def follow_it(page: Page, words: dict) -> None:
    """Its page, to which that of the list leads by itself; the name is changed meanwhile."""
    expect(page.locator(".head .state")).to_have_text(words["state"])
    page.locator("#change").click()
    page.locator("#name").fill(words["other"])
    page.locator("main form.whole button.btn-primary").click()
    expect(page.locator("h1")).to_have_text(words["other"])
    finished(page)
    expect(page.locator("#done")).to_have_text(words["done"])
    expect(page.locator("#delivered")).to_have_text(words["delivered"])
    fits(page)


def look_at_the_results(page: Page, words: dict, folder: Path) -> None:
    page.locator("#results").click()
    expect(page.locator("#recipients tbody tr")).to_have_count(33)
    fits(page)
    page.locator("#outcome").select_option("busy")
    page.locator("#people form").first.locator("button").click()
    expect(page.locator("#recipients tbody tr")).to_have_count(10)
    page.locator("#recipients details summary").first.click()
    expect(page.locator("#recipients .tries").first).to_be_visible()
    rows = of_csv(saved(page, "CSV", folder, f"{words['other']} - {words['busy']}"))
    assert {row["disposition"] for row in rows} == {"busy"}
    numbers = [row["number"] for row in rows]
    assert len(numbers) == 10
    sheet = of_xlsx(saved(page, "Excel", folder, f"{words['other']} - {words['busy']}"))
    assert [row["number"] for row in sheet] == numbers


def call_the_busy_again(page: Page, words: dict, folder: Path) -> None:
    page.locator("#again").click()
    page.locator("input[name=only]").evaluate_all(
        "boxes => boxes.forEach(box => { box.checked = box.value === 'busy' })"
    )
    page.locator("#name").fill(words["again"])
    page.locator("button#again").click()
    expect(page.locator("h1")).to_have_text(words["again"])
    page.locator("form[action$='/start'] button").click()
    finished(page)
    expect(page.locator("#done")).to_have_text(words["redialled"])
    page.locator("#results").click()
    rows = of_csv(saved(page, "CSV", folder, words["again"]))
    # Those who were busy once hear it now.
    assert {row["number"][-4:]: row["state"] for row in rows} == {"0001": "exhausted", "0015": "delivered"}
    assert len(rows) == 10


def finished(page: Page) -> None:
    expect(page.locator(".head .state")).to_have_class(re.compile("state-finished"), timeout=40_000)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def saved(page: Page, kind: str, folder: Path, name: str) -> Path:
    """The file of the recipients that are chosen, named after the campaign."""
    with page.expect_download() as waiting:
        page.locator("#people a[download]", has_text=kind).click()
    found: Download = waiting.value
    assert Path(found.suggested_filename).stem == name.replace("\u200c", " ")
    path = folder / found.suggested_filename
    found.save_as(path)
    return path


def of_csv(path: Path) -> list[dict[str, str]]:
    """Its rows; ``="0912"``, which keeps the zero in spreadsheets, as they show it."""
    with path.open(encoding="utf-8-sig") as file:
        return [
            {name: re.sub(r'^="(.*)"$', r"\1", cell) for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def of_xlsx(path: Path) -> list[dict[str, str]]:
    rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    columns = [str(name) for name in next(rows)]
    return [dict(zip(columns, map(str, row), strict=True)) for row in rows]
