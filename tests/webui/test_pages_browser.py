"""The big flows in a real browser, with a real engine beside it: from registering to being active, and a ticket."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.services.campaigns.codes import _hash
from tests.pictures import png
from tests.webui.test_web_browser import PASSWORD, address, chromium, page
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address", "chromium", "page"]

pytestmark = [*in_a_browser, pytest.mark.usefixtures("unlimited")]

OWNER = "a password of ours"
PNG = png()


def enter(page: Page, name: str, password: str) -> None:
    page.goto("/login")
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    page.locator("main form button.btn-primary").click()
    expect(page.locator("header")).to_be_visible()
    if page.locator("html").get_attribute("lang") != "en":
        page.locator("button[lang=en]").click()


def database_of(tmp_path_factory) -> Path:
    """The store of the server that this module started, the newest of the session's."""
    found = tmp_path_factory.getbasetemp().glob("served*/var/avanak.db")
    return max(found, key=lambda path: path.stat().st_ctime_ns)


def test_from_registering_to_active_and_a_ticket(
    page: Page, chromium: Browser, address: str, tmp_path: Path, tmp_path_factory
) -> None:
    call_events = chromium.new_context(base_url=address, locale="en-US").new_page()
    enter(call_events, "admin", PASSWORD)
    call_events.goto("/payments/prices")
    call_events.locator("summary", has_text="Offer a plan").click()
    call_events.locator("#plan-months").fill("3")
    call_events.locator("#plan-price").fill("3,000,000")
    call_events.get_by_role("button", name="Offer", exact=True).click()
    expect(call_events.locator("main")).to_contain_text("3,000,000")

    page.goto("/register")
    page.locator("#name").fill("Sahar")
    page.locator("#mobile").fill("09121234567")
    page.locator("#username").fill("sahar")
    page.locator("#password").fill(OWNER)
    page.locator("#again").fill(OWNER)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_have_text("Verify the mobile")
    page.get_by_role("button", name="Ring me now").click()
    expect(page.locator(".alert-success")).to_contain_text("rings in a moment")
    with sqlite3.connect(
        database_of(tmp_path_factory), timeout=20
    ) as store:  # nobody hears it: say what was spoken
        store.execute("UPDATE mobile_code SET salt = '00', code_hash = ?", [_hash("00", "12345")])
    store.close()
    page.locator("#code-code").fill("۱۲۳۴۵")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("h1")).to_have_text("Identity")
    notice = tmp_path / "notice.png"
    notice.write_bytes(PNG)
    page.locator("#national_number").fill("10380284790")
    page.locator("#files").set_input_files(notice)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("main")).to_contain_text("lies with our staff")

    call_events.goto("/identities")
    call_events.get_by_role("link", name="Sahar").first.click()
    call_events.get_by_role("button", name="Accept").click()
    expect(call_events.locator(".alert-success")).to_contain_text("accepted")

    page.goto("/")
    page.locator("#next").click()
    page.get_by_role("button", name="Buy").click()
    page.locator("#confirm button[value=yes]").click()
    expect(page.locator("main")).to_contain_text("no money moves")
    page.locator("#go").click()
    expect(page.locator("main")).to_contain_text("The payment is booked.")
    page.goto("/")
    expect(page.locator("h1 + .state")).to_have_text("Active")

    letter = tmp_path / "letter.txt"
    letter.write_text("our numbers\n", "utf-8")
    page.goto("/tickets/new")
    page.locator("#subject").fill("It does not ring")
    page.locator("#text").fill("Since this morning.")
    page.locator("#files").set_input_files(letter)
    page.get_by_role("button", name="Open the ticket").click()
    expect(page.locator(".thread")).to_contain_text("letter.txt")
    with page.expect_download() as found:
        page.get_by_role("link", name="letter.txt").click()
    assert found.value.path().read_text("utf-8") == "our numbers\n"
    call_events.goto("/tickets")
    call_events.get_by_role("link", name="It does not ring").click()
    call_events.locator("#reply-text").fill("It rings again.")
    call_events.get_by_role("button", name="Send").click()
    page.reload()
    expect(page.locator(".thread")).to_contain_text("It rings again.")

    page.goto("/messages")
    page.locator("#upload-title").fill("Good morning")
    page.locator("#upload-sound").set_input_files(Path(__file__).parents[2] / "scripts/sample/message.wav")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".list")).to_contain_text("Waits for approval")
    call_events.goto("/messages/approval")
    call_events.get_by_role("link", name="Good morning").click()
    call_events.get_by_role("button", name="Approve", exact=True).click()
    page.reload()
    expect(page.locator(".list")).to_contain_text("Approved")

    page.locator("summary", has_text="Upload a sound").click()
    page.locator("#upload-title").fill("Good evening")
    page.locator("#upload-sound").set_input_files(Path(__file__).parents[2] / "scripts/sample/message.wav")
    page.get_by_role("button", name="Upload").click()
    call_events.goto("/messages/approval")
    call_events.get_by_role("link", name="Good evening").click()
    # The embedded switch's people: 0001 is busy, 0013 presses 9, 0008 presses 1.
    for number, outcome in (
        ("0912 555 0001", "Not reached · Busy"),
        ("0912 555 0013", "Answered"),
        ("0912 555 0008", "Answered"),
    ):
        expect(call_events.locator("h1 + .state")).to_have_text(re.compile("Waits for"))
        call_events.locator("summary", has_text="Have it approved by telephone").click()
        call_events.locator("#phone-number").fill(number)
        call_events.get_by_role("button", name="Ring").click()
        call = call_events.locator("tr", has_text=number.replace(" ", "")).first
        for _ in range(100):
            if outcome in call.inner_text():
                break
            call_events.wait_for_timeout(200)
            call_events.reload()
        expect(call).to_contain_text(outcome)
    expect(call).to_contain_text("1")
    expect(call_events.locator("h1 + .state")).to_have_text("Approved")
    page.reload()
    expect(page.locator("tr", has_text="Good evening")).to_contain_text("Approved")
    call_events.context.close()


def test_a_chosen_file_is_there_after_the_log_in_and_when_the_form_is_refused(
    page: Page, tmp_path: Path
) -> None:
    enter(page, "admin", PASSWORD)
    for name, text in (("list.csv", "number\n09121110000\n"), ("empty.csv", "")):
        (tmp_path / name).write_text(text, "utf-8")
    page.goto("/campaigns/new")
    name = page.locator(".drop-name")
    page.locator("#numbers").set_input_files(tmp_path / "empty.csv")
    page.locator("form.uploads button[type=submit]").click()
    expect(page.locator(".invalid-feedback").first).to_be_visible()
    expect(name).to_have_text("empty.csv")
    page.locator("#numbers").set_input_files(tmp_path / "list.csv")
    expect(name).to_have_text("list.csv")
    page.context.clear_cookies()
    page.locator("form.uploads button[type=submit]").click()
    page.locator("#username").fill("admin")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    expect(name).to_have_text("list.csv")
    page.locator("form.uploads button[type=submit]").click()
    expect(page.locator(".preview tbody tr")).to_have_count(1)
    page.goto("/campaigns/new")  # another visit begins anew
    expect(name).not_to_have_text("list.csv")
