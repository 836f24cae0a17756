"""Find the kind of a list's file by its content; for other files, one sentence says what it is and how to save it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import BinaryIO

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.lists.delimited import TextTable
from engine.services.lists.opc import Package
from engine.services.lists.other_workbooks import OtherWorkbook
from engine.services.lists.table import Table
from engine.services.lists.xlsx import XlsxTable

_START = 8_192
_MANIFEST = 200_000
_KNOWN_BINARIES = (
    (b"\xff\xd8\xff", Sentence("a JPEG picture")),
    (b"\x89PNG", Sentence("a PNG picture")),
    (b"GIF8", Sentence("a GIF picture")),
    (b"%PDF", Sentence("a PDF document")),
    (b"{\\rtf", Sentence("an RTF document")),
    (b"Rar!", Sentence("a RAR archive")),
    (b"7z\xbc\xaf", Sentence("a 7-Zip archive")),
    (b"\x1f\x8b", Sentence("a gzip archive")),
    (b"BZh", Sentence("a bzip2 archive")),
    (b"\xfd7zXZ", Sentence("an xz archive")),
    (b"ID3", Sentence("a sound file")),
    (b"OggS", Sentence("a sound file")),
    (b"fLaC", Sentence("a sound file")),
    (b"SQLite format 3", Sentence("a database")),
    (b"\x00\x01\x00\x00Standard", Sentence("an Access database")),
    (b"PAR1", Sentence("a Parquet table")),
    (b"\x7fELF", Sentence("a program")),
    (b"MZ\x90", Sentence("a program")),
)
# By what stands behind the size of a RIFF file.
_RIFF = {b"WAVE": Sentence("a sound file"), b"WEBP": Sentence("a WebP picture")}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Possessive: if a comment could end at a later end as well, a file of 200 bytes would take for ever.
_COMMENTS = r"(?:<!--(?>.*?-->)\s*+)*+"
_PROLOGUE = rf"<\?xml[^>]*>\s*{_COMMENTS}(?:<\?mso-application[^>]*>\s*{_COMMENTS})*"
_CHAT_LINE = (
    r"(?:[^\w\n]|\u00e2\u0080[\u008e\u008f]){0,4}\[?\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}[^\d\n]{1,4}\d{1,2}:\d\d(?::\d\d)?"
    r"[^\d\n\]]{0,6}(?:\] | - )[^\r\n]*[\r\n]+"
)
"""``[12/5/23, 10:15:01] Ali: …`` or ``12/5/23, 10:15 - Ali: …``, with direction marks before it."""
_MARKED_UP = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), what)
    for pattern, what in (
        (rf"{_PROLOGUE}<(?:\w+:)?Workbook\b", Sentence("a spreadsheet of Excel 2003 (XML)")),
        (
            rf"(?:{_PROLOGUE})?{_COMMENTS}<(?:!doctype )?(?:html|table|meta|head|style|body|div|tr|script)\b",
            Sentence("a web page (HTML)"),
        ),
        (
            r"(?:[A-Za-z-]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n){0,9}MIME-Version:\s*1\.0",
            Sentence("a saved web page or letter (MHTML)"),
        ),
        (r"<\?xml|<!DOCTYPE|<\w+(?:\s[^<>]*)?>\s*<", Sentence("an XML file")),
        (r"BEGIN:VCARD", Sentence("a file of address cards (vCard)")),
        (r"(?:version:\s*\d+\s+)?(?:#[^\r\n]*[\r\n]\s*)*dn::?\s", Sentence("an address book (LDIF)")),
        (rf"(?:{_CHAT_LINE}){{2}}", Sentence("a chat exported from WhatsApp")),
        (r"BEGIN:VCALENDAR", Sentence("a calendar")),
        # A list with the columns «ID» and «Phone» begins in the same way.
        (r"ID;P[^\r\n]*[\r\n]+(?:[BCFOPW];|NN;|NU;)", Sentence("a symbolic link table (SYLK)")),
        (r'TABLE\r?\n0,\d+\r?\n"', Sentence("a data interchange table (DIF)")),
        (r'[\[{]\s*(?:[\[{"]|\}|\])', Sentence("a JSON file")),
        (r"""[\[(]\s*["']?\+?\d{7,15}["']?\s*,\s*["']?\+?\d""", Sentence("a list as programs write it")),
    )
)
_BY_PROGRAM = Sentence("have the program that made it write CSV or XLSX")
_HOW = {
    "a file of address cards (vCard)": Sentence(
        "import it into Google Contacts or Outlook and export it from there as CSV"
    ),
    "an address book (LDIF)": Sentence("open it in Thunderbird and export it from there as CSV"),
    "a chat exported from WhatsApp": Sentence(
        "copy the numbers that are meant into a list, one in each line"
    ),
    "a JSON file": _BY_PROGRAM,
    "a list as programs write it": _BY_PROGRAM,
}
_SAVE = Sentence("open it in a spreadsheet program and save it as XLSX or CSV")


def open_table(file: BinaryIO, name: str, sheet: str = "") -> Table:
    """The table in a file.  Raises BadInput, in one sentence, when there is none that can be read."""
    file.seek(0)
    start = file.read(_START)
    for magic, what in _KNOWN_BINARIES:
        if start.startswith(magic):
            raise _not_a_list(name, what)
    if start.startswith(b"RIFF"):
        raise _not_a_list(name, _RIFF.get(start[8:12], Sentence("a video")))
    if start.startswith(_OLE):
        return _of_ole(file, name, sheet)
    if start.startswith(b"PK\x03\x04"):
        return _of_zip(file, name, sheet)
    if _is_dbase(start):
        raise _not_a_list(name, Sentence("a dBase table (DBF)"))
    if _is_utf_7(start):
        raise BadInput("%(file)s is written in UTF-7; save it as UTF-8.", file=name)
    _refuse_marked_up(start, name)
    table = TextTable(file, name)
    if sheet:
        table.detach()
        raise BadInput("%(file)s is a text file: it has no sheets.", file=name)
    return table


def _not_a_list(name: str, what: Sentence) -> BadInput:
    return BadInput("%(file)s is %(what)s, not a list of numbers.", file=name, what=what)


def _is_dbase(start: bytes) -> bool:
    """Whether a file begins as a table of dBase or FoxPro: its kind, a date, the lengths of its header and rows."""
    if len(start) < 64 or start[0] not in b"\x03\x30\x31\x43\x63\x83\x8b\xf5" or b"\0" not in start[:32]:
        return False
    header = int.from_bytes(start[8:10], "little")
    return start[2] <= 12 and start[3] <= 31 and header >= 65 and start[43:44] in b"CNDLMFBIT@Y"


def _is_utf_7(start: bytes) -> bool:
    """Whether Persian letters are written as in ``+BkUGSAYo-``."""
    if not start.isascii():
        return False
    for found in re.finditer(rb"\+(B[A-Za-z0-9+/]{3,})-?", start):
        with suppress(UnicodeDecodeError):
            text = (b"+" + found[1] + b"-").decode("utf-7")
            if len(text) > 1 and all("\u0600" <= char <= "\u06ff" or char in "\u200c " for char in text):
                return True
    return False


def _of_ole(file: BinaryIO, name: str, sheet: str) -> Table:
    """An old workbook, a new one with a password, or a document of another old program."""
    file.seek(0)
    content = file.read(50_000_000)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise _locked(name)
    if not any(word.encode("utf-16-le") in content for word in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        raise BadInput(
            "%(file)s is a document of an old Office program, not a workbook; save the list as XLSX or CSV.",
            file=name,
        )
    return OtherWorkbook(file, name, "xls", sheet)


def _is_locked(package: Package) -> bool:
    """Whether an open document's parts are encrypted; its manifest says so."""
    if "META-INF/manifest.xml" not in package:
        return False
    with package.reading(), package.open("META-INF/manifest.xml") as stream:
        return b"encryption-data" in stream.read(_MANIFEST)


def _locked(name: str) -> BadInput:
    return BadInput(
        "%(file)s is protected with a password; open it, remove the password, and save it as XLSX or CSV.",
        file=name,
    )


def _of_zip(file: BinaryIO, name: str, sheet: str) -> Table:
    package = Package(file, name)
    with package.reading():
        document = package.document()
    names = package.names()
    if document.lower().endswith(".bin"):
        return OtherWorkbook(file, name, "xlsb", sheet)
    if "content.xml" in names and "mimetype" in names:
        with package.reading(), package.open("mimetype") as stream:
            is_sheet = b"spreadsheet" in stream.read(200)
        if is_sheet and _is_locked(package):
            raise _locked(name)
        if is_sheet:
            return OtherWorkbook(file, name, "ods", sheet)
    if document and not document.lower().startswith(("word/", "ppt/")):
        return XlsxTable(package, name, sheet)
    if document.lower().startswith("word/") or ("content.xml" in names and "mimetype" in names):
        raise BadInput(
            "%(file)s is a document of a word processor; copy its table into a spreadsheet and save that as XLSX or CSV.",
            file=name,
        )
    if any(part.endswith(".iwa") for part in names):
        raise BadInput("%(file)s is a Numbers spreadsheet; export it as Excel (XLSX) or CSV.", file=name)
    raise BadInput(
        "%(file)s is a zip file but not an XLSX workbook; unpack it and bring the list that is in it.",
        file=name,
    )


def _refuse_marked_up(start: bytes, name: str) -> None:
    text = start.decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1", "replace")
    text = text.removeprefix("\xef\xbb\xbf").replace("\0", "").lstrip("\ufeff \t\r\n")
    for pattern, what in _MARKED_UP:
        if pattern.match(text):
            raise BadInput(
                "%(file)s is %(what)s, whatever its name says, and not a list; %(how)s.",
                file=name, what=what, how=_HOW.get(what.id, _SAVE),
            )  # fmt: skip
