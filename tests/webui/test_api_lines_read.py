"""How bodies of many lines are read: in blocks, and no further than so many lines, empty ones too."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.webui.conftest import Cast
from tests.webui.programs import Program, token_of
from webui.api import lines

NDJSON = {"Content-Type": "application/x-ndjson"}


class Counted(io.BytesIO):
    """A body that counts how often it is asked for more."""

    asked = 0

    def read(self, size: int | None = -1) -> bytes:
        self.asked += 1
        return super().read(size)

    def readinto(self, into: Any) -> int:
        self.asked += 1
        return super().readinto(into)


@pytest.fixture
def shop(app: Any, cast: Cast) -> Program:
    return Program(app, token_of("outsider", permissions="web_service own_voice any_hour"))


def sent(shop: Program, body: io.BytesIO) -> Any:
    made = shop.post("/contact-lists", {"name": "own"}).json["id"]
    size = {"Content-Length": str(len(body.getvalue())), **NDJSON}
    return shop.ask("POST", f"/contact-lists/{made}/contacts/bulk", input_stream=body, headers=size)


def test_lines_are_read_in_blocks(shop: Program) -> None:
    body = Counted(b"".join(b'{"number":"0912%07d"}\n' % number for number in range(2_000)))
    answer = sent(shop, body)
    assert answer.status_code == 200
    assert b'"added":2000' in answer.data.replace(b" ", b"")
    assert body.asked < 20


@pytest.mark.parametrize(
    ("body", "added"),
    [
        (b'{"number":"09121110000"}\n\n' * 1 + b'\r\n{"number":"09121110001"}', 2),
        (b'\n\n{"number":"09121110000"}\n\n', 1),
    ],
)
def test_empty_lines_between_are_nothing(shop: Program, body: bytes, added: int) -> None:
    answer = sent(shop, io.BytesIO(body))
    assert b'"added":%d' % added in answer.data.replace(b" ", b"")


def test_empty_lines_have_an_end(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 10)
    answer = sent(shop, io.BytesIO(b"\n" * 21))
    assert "At most 10 lines" in answer.text
