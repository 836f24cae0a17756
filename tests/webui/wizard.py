"""The wizard of a new campaign as tests drive it: what is filled in, and the job that brings lists in."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.config import Settings
from engine.runtime.list_importer import Importer
from engine.store.tables.core import Campaign, Message
from engine.store.threads import read

LIST = "شماره,نام\n09123456789,علی\n0912 345 6789,علی\n02122334455,سارا\nabc,x\n".encode()
CODES = "کد ملی,کد مشتری\n1234567890,09121111111\n2345678901,09122222222\n".encode()
RULES = {
    "name": "Instalment", "kind": "service", "begins": "now", "max_tries": "2", "retry_after": "10",
    "ring_timeout_s": "30", "windows": "07:00-23:00", "delivered_percent": "100",
    "weekdays": ["1", "2", "3", "4", "5", "6", "7"],
}  # fmt: skip


def sound(seconds: float = 2.0) -> bytes:
    out = io.BytesIO()
    t = np.arange(int(16_000 * seconds)) / 16_000
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(2 * np.pi * 440 * t) * 8_000).astype("<i2").tobytes())
    return out.getvalue()


def newest() -> int:
    return read(lambda: Campaign.select().order_by(Campaign.id.desc()).get().id)


def begin(browser, account: int, data: bytes = LIST, name: str = "list.csv", **changes: object):
    files = {"numbers": (io.BytesIO(data), name), "account": str(account), "contact_list": "0", **changes}
    return browser.post("/campaigns/new", files, page="/campaigns/new")


def base_of(answer) -> str:
    """The address of the draft of which a page was shown."""
    assert answer.status_code == 302, answer.text
    return re.sub(r"/(list|message|rules)$", "", answer.location)


def take_hello(browser, base: str):
    message = read(lambda: Message.get(Message.title == "Hello").id)
    return browser.post(
        f"{base}/message", {"message": str(message), "action": "next"}, page=f"{base}/message"
    )


def rule(browser, base: str, **changes: object):
    return browser.post(f"{base}/rules", {**RULES, **changes}, page=f"{base}/rules")


def whole(browser, account: int, **changes: object) -> str:
    """A campaign in the making with all of its parts; its check page's address."""
    base = base_of(begin(browser, account))
    assert take_hello(browser, base).status_code == 302
    answer = rule(browser, base, **changes)
    assert answer.status_code == 302, answer.text
    return base


def upload_sound(browser, base: str, seconds: float = 2.0, name: str = "hello.wav"):
    files = {"upload-title": "", "title": name[:-4], "sound": (io.BytesIO(sound(seconds)), name)}
    return browser.post(f"{base}/message/upload", files, page=f"{base}/message")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of an installation where nothing is set: messages have their hours."""
    return Settings(data_dir=tmp_path, max_upload_mb=1)


@pytest.fixture
def importer(settings) -> Iterator[Importer]:
    """What brings lists in, to be asked to; it does not look by itself."""
    made = Importer(settings)
    yield made
    made.stop()


def bring_in(importer: Importer) -> None:
    importer.loop()
    importer.wait()
