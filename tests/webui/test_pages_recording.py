"""A message recorded in the browser: what the microphone hears is what is stored; without one it is said."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from playwright.sync_api import Page, expect, sync_playwright

from tests.webui.test_pages_browser import OWNER, database_of, enter
from tests.webui.test_web_browser import CHROMIUM, FLAGS, ROOT, address
from tests.webui.test_web_browser import pytestmark as in_a_browser

__all__ = ["address"]

pytestmark = [*in_a_browser, pytest.mark.usefixtures("unlimited")]

RATE = 8_000
Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def gallery(address: str, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens the gallery of a customer in a browser with these flags."""
    folder = database_of(tmp_path_factory).parent
    for words in (
        ["account", "open", "Sahar"],
        ["person", "add", "sahar", "--role", "owner", "--account", "2", "--password-file", "-"],
    ):
        subprocess.run(
            [sys.executable, "-m", "engine", *words], input=OWNER, text=True, capture_output=True, cwd=ROOT,
            env={**os.environ, "AVANAK_DATA_DIR": str(folder)},
        )  # fmt: skip

    @contextmanager
    def opened(*flags: str) -> Iterator[Page]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
            page = browser.new_page(base_url=address, locale="en-US")
            enter(page, "sahar", OWNER)
            page.goto("/messages")
            page.locator("summary", has_text="Record in the browser").click()
            yield page
            browser.close()

    return opened


def heard_in(stored: np.ndarray, fed: np.ndarray) -> tuple[float, float]:
    """How alike what was stored is to what was fed in (1: the same), and how loud, in its median quarter of a second."""
    found = []
    size = RATE // 4
    energy = np.convolve(fed**2, np.ones(size), "valid") + 1e-9
    for piece in stored[: len(stored) // size * size].reshape(-1, size):
        if piece.std() > 0.02:  # pauses are alike everywhere
            alike = np.correlate(fed, piece, "valid") / np.sqrt(energy * (piece @ piece))
            best = int(alike.argmax())
            found.append((alike[best], np.sqrt((piece @ piece) / energy[best])))
    assert len(found) > 10, "hardly anything was stored"
    alike, loudness = np.median(np.array(found), axis=0)
    return float(alike), float(loudness)


def test_what_the_microphone_hears_is_stored(gallery: Open, tmp_path: Path) -> None:
    spoken, rate = soundfile.read(ROOT / "scripts/sample/message.wav", dtype="float32")
    soundfile.write(tmp_path / "fed.wav", soxr.resample(spoken, rate, 48_000), 48_000)
    with gallery(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={tmp_path / 'fed.wav'}",
    ) as page:
        page.locator("#record-title").fill("Said into the microphone")
        page.locator("#record").click()
        expect(page.locator("#recorder-says")).to_contain_text("Recording")
        expect(page.locator("#recorder-seconds")).to_have_text("7", timeout=20_000)
        page.locator("#record-stop").click()
        player = page.locator("#recorded")
        expect(player).to_be_visible()  # it is listened to before it is kept
        page.wait_for_function("document.getElementById('recorded').duration > 6")
        page.locator("#record-keep").click()
        expect(page.locator(".alert-success")).to_contain_text("added")
        row = page.locator("table.list tbody tr").first
        expect(row).to_contain_text("Recorded")
        sound = page.request.get(row.locator("audio").get_attribute("src") or "").body()
    stored, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    assert rate == RATE
    assert 7 <= len(stored) / RATE < 12
    fed = soxr.resample(spoken, 16_000, RATE)
    fed = np.concatenate([fed, fed, fed])  # the microphone begins again when it has said all
    alike, loudness = heard_in(stored, fed)
    assert alike > 0.92  # they lie up to half a sample apart; with the filters for conversations it is 0.88
    assert loudness == pytest.approx(1, abs=0.1)


def test_a_microphone_that_is_denied(gallery: Open) -> None:
    with gallery("--use-fake-device-for-media-stream", "--deny-permission-prompts") as page:
        page.locator("#record").click()
        expect(page.locator("#recorder-says")).to_contain_text("gives no microphone: allow it for this site")
        expect(page.locator("#record")).to_be_enabled()
        expect(page.locator("#record-keep")).to_be_disabled()
