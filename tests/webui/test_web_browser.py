"""The whole way in a real browser, with a real engine on the embedded switch beside it."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
PASSWORD = "a password for tests"
CHROMIUM = Path(os.environ.get("AVANAK_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

expect.set_options(timeout=20_000)  # a busy machine takes more than the usual five seconds

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no Chromium at {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine and the web UI in a process of their own; it ends when its standard input closes."""
    folder = tmp_path_factory.mktemp("served")
    with subprocess.Popen(
        [sys.executable, ROOT / "tests/webui/served.py", folder / "var", PASSWORD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "it did not begin to serve"
        yield url
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
    assert process.returncode == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A page that has not logged in, in English; a script error or a refused resource fails the test."""
    context = chromium.new_context(base_url=address, locale="en-US", accept_downloads=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A form that is refused is answered with 400, which the browser writes into its console.
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text) if said.type == "error" and "of 400 (" not in said.text else None
        ),
    )
    yield page
    context.close()
    assert complaints == []


def log_in(page: Page, language: str) -> None:
    page.goto("/login")
    page.locator("#username").fill("admin")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    expect(page.locator("header")).to_be_visible()
    page.wait_for_load_state("load")  # before its styles are there the menu's button shows on wide pages too
    if page.locator("html").get_attribute("lang") != language:
        if page.locator(".navbar-toggler").is_visible():
            page.locator(".navbar-toggler").click()
            expect(page.locator("#menu")).to_have_class(re.compile(r"\bshow\b"))  # it has stopped moving
        page.locator(f"button[lang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_text("کار و وضعیت" if language == "fa" else "Work and state")


def upload_a_sound(page: Page) -> None:
    """In the step of the message: upload one, which is chosen then."""
    sound = page.locator("details", has=page.locator("#upload-sound"))
    if sound.get_attribute("open") is None:
        sound.locator("summary").click()
    page.locator("#upload-sound").set_input_files(ROOT / "scripts/sample/message.wav")
    sound.locator("button[type=submit]").click()
    expect(page.locator(".chosen-message .player")).to_be_visible()


def fill_in(page: Page, name: str, numbers: Path) -> None:
    """Go all the steps to the check page."""
    page.goto("/campaigns/new")
    page.locator("#numbers").set_input_files(numbers)
    expect(page.locator(".drop-name")).to_have_text(numbers.name)
    page.locator("form.uploads button[type=submit]").click()
    expect(page.locator(".preview tbody tr")).to_have_count(10)
    page.locator("button[value=next]").click()
    upload_a_sound(page)
    page.locator("button[value=next]").click()
    page.locator("#name").fill(name)
    page.locator("#windows").fill("")
    page.locator("#retry_after").fill("0")
    page.locator("#rules summary").click()
    page.locator("#vote_keys").fill("1,2,3")
    page.locator("#rules .foot button").click()


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """120 mobiles that people of all sorts answer, a duplicate and a word."""
    path = tmp_path / "list.csv"
    lines = [f"0912{1_000_003 + 10 * n},person {n}" for n in range(120)]
    path.write_text("\n".join(["number,name", *lines, lines[0], "abc,nobody"]), "utf-8")
    return path


def test_from_the_log_in_to_the_result(page: Page, numbers: Path, tmp_path: Path) -> None:
    log_in(page, "en")
    fill_in(page, "Instalment", numbers)
    tiles = page.locator(".tile")
    expect(tiles.nth(0)).to_contain_text("120")
    expect(tiles.nth(1)).to_contain_text("1")
    expect(page.locator(".reasons")).to_contain_text("This is not a telephone number.")
    expect(page.locator("#ends time")).to_be_visible()
    expect(page.locator("#binding")).not_to_be_empty()
    page.locator("button[value=start]").click()
    # The list comes in outside the request; its page follows, and leads on by itself.
    expect(page.locator(".head .state")).to_have_text("Running")
    # The counters move without the page being loaded anew, until the last call has ended.
    expect(page.locator("#delivered")).not_to_have_text("0")
    expect(page.locator(".head .state")).to_have_text("Finished", timeout=60_000)
    expect(page.locator("#done")).to_have_text("120 / 120")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV", exact=True).click()
    saved = tmp_path / "result.csv"
    waiting.value.save_as(saved)
    with saved.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 122
    delivered = [row for row in rows if row["state"] == "delivered"]
    shown = page.locator("#delivered").inner_text()
    assert len(delivered) == int(shown) > 60
    assert all(row["gateway"] == "embedded" and row["attempt_uuid"] for row in delivered)
    assert {row["disposition"] for row in rows if row["state"] == "excluded"} == {"duplicate", "not_a_number"}
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Excel", exact=True).click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"PK")


def test_pause_resume_and_stop_in_persian_on_a_phone(page: Page, numbers: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, "fa")
    fill_in(page, "یادآوری قسط", numbers)
    expect(page.locator(".tile").nth(0)).to_contain_text("۱۲۰")
    page.locator("button[value=start]").click()
    state = page.locator(".head .state")
    expect(state).to_have_text("در حال اجرا")
    page.get_by_role("button", name="مکث").click()
    expect(state).to_have_text("در مکث")
    expect(page.locator("#why")).to_contain_text("admin")
    page.get_by_role("button", name="ادامه").click()
    expect(state).to_have_text("در حال اجرا")
    page.locator("[data-bs-target='#stop']").click()
    expect(page.locator("#stop-title")).to_be_visible()
    page.locator("#stop form button").click()
    expect(state).to_have_text("متوقف")
    for path in ("/", page.url, "/trunks", "/campaigns/new"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate("document.documentElement.dir") == "rtl"
        assert page.evaluate("document.fonts.check('16px Vazirmatn', 'آوانک')")


def test_switches_and_gateways(page: Page) -> None:
    log_in(page, "en")
    page.get_by_role("navigation").get_by_role("link", name="Gateways").click()
    expect(page.locator(".rows .state").first).to_have_text("Up")
    page.get_by_role("link", name="Add a gateway").click()
    page.locator("#name").fill("tci-2")
    page.locator("main form button[type=submit]").click()
    row = page.locator(".trunks tr", has_text="tci-2")
    row.get_by_role("button", name="Drain").click()
    page.locator("#confirm button[value=yes]").click()
    expect(row.locator(".state", has_text="Drained")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/trunks$"))
