"""The charset that a form names is a stranger's word: it never chooses what Python does with the bytes beyond a table."""

from __future__ import annotations

import encodings
import pkgutil

import pytest
from flask import Flask

from tests.webui.rest_program import Program
from webui.api.rest.parameters import _codec, in_body

FORM = "application/x-www-form-urlencoded"
KNOWN = sorted(each.name for each in pkgutil.iter_modules(encodings.__path__))
OTHERS = [
    "\u00ff",
    "..",
    "a.b",
    "None",
    "undefined",
    " ",
    "x" * 6_000,
    "utf-8\u200c",
    "windows-1256;x",
    "%00",
]


def code(app: Flask, charset: str, text: bytes) -> int:
    """What a form of nobody is answered: it has to be read for the token that may stand in it."""
    answer = app.test_client().post(
        "/Rest/QuickSend", data=b"Number=" + text, content_type=f'{FORM}; charset="{charset}"'
    )
    assert answer.status_code == 200
    return int(answer.get_json()["QuickSendID"])


def test_no_charset_crashes(app: Flask) -> None:
    texts = (b"\xd3\xe1\xc7", b"\xff-ba\xff", b"x\x9c\xff\xff", b"\\x\xe1\\u12", b"\x1b$B\xff")
    for charset in (*KNOWN, *OTHERS):
        for text in texts:
            kind = f'{FORM}; charset="{charset}"'
            with app.test_request_context("/", method="POST", data=b"Number=" + text, content_type=kind):
                assert list(in_body()) == ["number"], charset


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "utf-7", "unicode_escape", "zlib", "rot13", "hz", "utf-16-le"]
)
def test_only_encodings_of_one_byte_are_used(charset: str) -> None:
    """Others may be no text, or take the square of the length (punycode: four seconds for a form of 250 kB)."""
    assert _codec(charset) is None


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("Windows-1256", "cp1256"),
        ("ISO-8859-6", "iso8859-6"),
        ("cp864", "cp864"),
        ("mac-arabic", "mac-arabic"),
        ("latin1", "iso8859-1"),
    ],
)
def test_those_that_programs_use_are_known(charset: str, name: str) -> None:
    assert _codec(charset) == name


def test_names_are_not_kept(app: Flask) -> None:
    """Python keeps each name that it is asked for as long as the process lives."""
    code(app, "nonsense", b"\xff")
    before = len(encodings._cache)
    for n in range(50):
        code(app, f"nonsense-{n}", b"\xff")
    assert len(encodings._cache) == before


def test_a_name_of_a_charset_of_a_token_is_read_as_before(program: Program) -> None:
    answer = program.client.post(
        "/Rest/QuickSend",
        data=b"Number=%E1",
        content_type=f"{FORM}; charset=zlib",
        headers={"Authorization": program.secret},
    )
    assert answer.get_json()["QuickSendID"] == -8
