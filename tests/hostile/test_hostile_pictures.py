"""Pictures that are small here and fill the memory, or take the processor, of who opens them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest

from engine.config import load_settings
from engine.errors import BadInput
from engine.services.accounts import documents, pictures
from engine.services.tickets.attachments import Attachments
from engine.workers.job import Job, WorkerEnded
from tests.pictures import chunk, gif, jpeg, png, webp

ZEROS = b"a\0\0" + zlib.compress(bytes(100_000_000), 9)
FRAMES = chunk(b"acTL", struct.pack(">II", 1_000, 0))

STILL = {
    "a large PNG": png(60_000, 60_000),
    "a PNG that is as long as can be written": png(2**31 - 1, 1),
    "a PNG of more than can be": png(2**32 - 1, 2**32 - 1),
    "a PNG just above": png(8_001, 8_000),
    "a long PNG": png(1, 30_001),
    "a PNG without a size": png(0, 10),
    "a PNG whose text unpacks to 100 MB": png(1, 1, chunk(b"zTXt", ZEROS)),
    "a PNG whose profile unpacks to 100 MB": png(1, 1, chunk(b"iCCP", ZEROS)),
    "a PNG that is cut off": png()[:20],
    "a large JPEG": jpeg(65_000, 65_000),
    "a JPEG without a height": jpeg(100, 0),
    "a JPEG of many scans": jpeg(8_000, 8_000, 5_000, progressive=True),
    "a JPEG that is nothing but its beginning": b"\xff\xd8\xff" + bytes(100),
    "a JPEG of nothing but marks": b"\xff\xd8" + b"\xff\xe0\0\x02" * 100_000,
}  # fmt: skip
MOVING = {
    "a large GIF": gif(65_535, 65_535),
    "a GIF whose frame is larger than itself": gif(10, 10, 1, (65_535, 65_535)),
    "a GIF of many frames": gif(1_000, 1_000, 2_000),
    "a GIF that is cut off": gif()[:8],
    "a large WebP": webp(16_384, 16_384),
    "a WebP of nothing": b"RIFF\x04\0\0\0WEBP",
    "a PNG of many frames": png(2_000, 2_000, FRAMES),
}


@pytest.mark.parametrize("name", STILL)
def test_no_document_is_too_much_for_the_page_that_shows_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        documents.take(tmp_path, 1, io.BytesIO(STILL[name]), "receipt.png")
    assert "receipt.png" in str(refused.value)
    assert not isinstance(refused.value, WorkerEnded)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_document_does_not_move(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="moving picture"):
        documents.take(tmp_path, 1, io.BytesIO(png(10, 10, FRAMES)), "receipt.png")


@pytest.mark.parametrize("name", [*STILL, *MOVING])
def test_no_file_of_a_ticket_is_too_much_for_who_opens_it(tmp_path: Path, name: str) -> None:
    content = {**STILL, **MOVING}[name]
    with pytest.raises(BadInput) as refused:
        Attachments(load_settings(data_dir=tmp_path)).receive(io.BytesIO(content), "picture")
    assert "picture" in str(refused.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (png(8_000, 8_000), "a.png"),
        (png(1_080, 20_000), "a.png"),
        (jpeg(8_160, 6_144), "a.jpg"),
        (jpeg(4_000, 3_000, 12, progressive=True), "a.jpg"),
        (gif(1_280, 720, 300), "a.gif"),
        (webp(4_000, 3_000), "a.webp"),
        (png(200, 200, FRAMES), "a.png"),
    ],
)
def test_what_telephones_scanners_and_screens_make_is_taken(
    tmp_path: Path, content: bytes, kept: str
) -> None:
    assert Attachments(load_settings(data_dir=tmp_path)).receive(io.BytesIO(content), kept).name == kept
    if kept.endswith(("png", "jpg")) and b"acTL" not in content:
        assert documents.take(tmp_path / "documents", 1, io.BytesIO(content), kept).name == kept


def test_a_worker_that_ends_over_a_picture_is_one_sentence_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_MEASURE", Job("os:abort"))
    with pytest.raises(WorkerEnded, match=r"receipt\.png cannot be read"):
        documents.take(tmp_path, 1, io.BytesIO(png()), "receipt.png")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
