"""Small lists as people bring them, each kind in ten dresses: encoding, delimiter, line ends."""

from __future__ import annotations

HEADER = ["شماره همراه", "نام"]
KINDS: dict[str, list[list[str]]] = {
    "duplicates": [["09121110001", "سارا"], ["+98 912 111 0001", "رضا"], ["09121110002", ""]],
    "spellings": [
        ["09121110010#", "سارا"], ["tel:09121110011", "رضا"], ["’09121110012", ""], ["9,121,110,013", ""],
        ["+9809121110014", ""], ["0098 912 111 0015", ""], ["9121110016.0", ""], ["O9121110017", ""],
    ],
    "several": [
        ["09121110020 / 09121110021", ""], ["09121110022 و 09121110023", ""], ["09121110024", "سارا"],
        ["09121110025-09121110026", ""],
    ],
    "words": [["09121110030 سارا", ""], ["آقا رضا 09121110031", ""], ["09121110032", "سارا"], ["فکس 02188776655", ""]],
    "extensions": [["021-88776655 داخلي 12", ""], ["02188776656x5", ""], ["88776655-66", ""], ["09121110040", "سارا"]],
    "dates": [["1405/08/30", "سارا"], ["30-08-1405", ""], ["2026-11-28 10:30", ""], ["09121110050", "رضا"]],
    "spreadsheets": [["9.12E+09", "سارا"], ["9.121110060E9", ""], ['="09121110061"', ""], ["#N/A", ""], ["TRUE", ""]],
    "codes": [["1134567890", "سارا"], ["0012345679", ""], ["6037991234567890", ""], ["09121110070", ""], ["IR82054", ""]],
    "services": [["110", ""], ["1818", "سارا"], ["09092301234", ""], ["+14155552671", ""], ["09121110080", ""]],
    "local": [["88776655", "سارا"], ["2188776655", ""], ["02188776656", ""], ["021-8877665", ""], ["09121110090", ""]],
    "marks": [
        ["\u200f09121110100\u200e", "سارا"], ["0912\u200c111\u200c0101", ""], ["0912\u00a0111\u00a00102", ""], ["ـ", ""],
    ],
    "digits": [["۰۹۱۲۱۱۱۰۱۱۰", "سارا"], ["٠٩١٢١١١٠١١١", ""], ["０９１２１１１０１１２", ""], ["۰۹۱۲", ""]],
    "blank": [["", ""], ["09121110120", "سارا"], ["", "رضا"], ["", ""], ["09121110121", ""], ["", ""]],
    "lines": [["09121110130", "سارا\nرضا"], ["09121110131", 'رضا "مدير"'], ["abc", "خط\nدوم\nسوم"]],
}  # fmt: skip
DRESSES = [
    ("utf-8", ",", "\n"), ("utf-8-sig", ",", "\r\n"), ("utf-8", ";", "\n"), ("utf-8", "\t", "\r\n"),
    ("utf-16", "\t", "\r\n"), ("utf-16-le", ",", "\n"), ("cp1256", ",", "\r\n"), ("cp1256", ";", "\n"),
    ("utf-8", "|", "\n"), ("utf-8-sig", ";", "\r\n"),
]  # fmt: skip


def dressed(kind: str, dress: int) -> bytes:
    """The list of a kind as a file; every other dress has a title above and no end of its last line."""
    encoding, delimiter, end = DRESSES[dress]
    rows = [HEADER, *KINDS[kind]]
    text = end.join(delimiter.join(_quoted(cell, delimiter, end) for cell in row) for row in rows)
    text = f"فهرست مشترکان{end}{text}" if dress % 2 else text + end
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:  # Windows-1256 has no Persian digits
        return text.encode()


def _quoted(cell: str, delimiter: str, end: str) -> str:
    cell = cell.replace("\n", end)
    return (
        f'"{cell.replace(chr(34), chr(34) * 2)}"'
        if any(sign in cell for sign in (delimiter, '"', end))
        else cell
    )
