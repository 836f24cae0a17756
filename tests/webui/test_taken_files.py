"""Files that people give us stay only when what they were given for was done."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from engine.config import Settings
from engine.errors import BadInput, Conflict
from webui.request.taken_files import attachments_taken, documents_taken

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
WAYS = {
    "documents": lambda files: documents_taken(1, files),
    "attachments": lambda files: attachments_taken(files, 1),
}


def chosen(*contents: bytes) -> list[FileStorage]:
    return [FileStorage(io.BytesIO(each), filename=f"{n}.pdf") for n, each in enumerate(contents)]


@pytest.fixture(params=WAYS)
def taken(request: pytest.FixtureRequest, app: Flask) -> Any:
    with app.test_request_context():
        yield WAYS[request.param]


def files_of(settings: Settings) -> list[Path]:
    folders = (settings.data_dir / "documents", settings.data_dir / "attachments")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_what_was_taken_stays(taken: Callable, settings: Settings) -> None:
    with taken(chosen(PDF, PDF + b"2")) as kept:
        assert len(kept) == len(files_of(settings)) == 2
    assert len(files_of(settings)) == 2


def test_nothing_stays_of_what_was_refused(taken: Callable, settings: Settings) -> None:
    with pytest.raises(Conflict), taken(chosen(PDF, PDF + b"2")):
        raise Conflict("It was done already.")
    assert files_of(settings) == []


@pytest.mark.parametrize("contents", [(PDF, b"\x7fELF\0\1\2"), (PDF, b"")])
def test_one_that_cannot_be_taken_drops_those_before_it(
    taken: Callable, settings: Settings, contents: tuple[bytes, ...]
) -> None:
    with pytest.raises(BadInput), taken(chosen(*contents)):
        raise AssertionError("the block must not run")
    assert files_of(settings) == []


def test_a_field_without_a_file_takes_none(taken: Callable) -> None:
    with taken([FileStorage(io.BytesIO(), filename="")]) as kept:
        assert kept == []
    with taken(None) as kept:
        assert kept == []
