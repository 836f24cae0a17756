"""Files of tickets and documents of customers that somebody made to do harm to who opens or takes them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from engine.config import load_settings
from engine.errors import BadInput
from engine.services.accounts import documents
from engine.services.tickets.attachments import Attachments


def archive_of(parts: int) -> bytes:
    """A file that is nothing but the list of so many parts, two of them those of a document."""

    def entry(name: bytes) -> bytes:
        return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *(0,) * 7, len(name), *(0,) * 6) + name

    first = b"PK\x03\x04" + bytes(26)
    listed = entry(b"[Content_Types].xml") + entry(b"word/document.xml") + entry(b"a") * parts
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(listed), len(first), 0)
    return first + listed + end


@pytest.mark.parametrize(("parts", "is_taken"), [(1_000, True), (10_000, False)])
def test_the_list_of_the_parts_of_an_archive_is_bounded(tmp_path: Path, parts: int, is_taken: bool) -> None:
    folder = Attachments(load_settings(data_dir=tmp_path))
    if is_taken:
        assert folder.receive(io.BytesIO(archive_of(parts)), "a.docx").name == "a.docx"
        return
    with pytest.raises(BadInput):
        folder.receive(io.BytesIO(archive_of(parts)), "a.docx")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("receipt.pdf", "receipt.pdf"),
        ("receipt.pdf.html", "receipt.pdf.html.pdf"),
        ("..\\..\\invoice.exe", "invoice.exe.pdf"),
        ("fdp.\u202etpircs.js", "fdp.tpircs.js.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
        ("", "document.pdf"),
    ],
)
def test_a_document_has_the_ending_of_what_it_is_and_a_name_without_tricks(
    tmp_path: Path, name: str, kept: str
) -> None:
    taken = documents.take(tmp_path, 1, io.BytesIO(b"%PDF-1.7 <script>alert(1)</script>"), name)
    assert taken.name == kept
