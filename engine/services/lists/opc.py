r"""A workbook's package, opened as spreadsheet programs open it: by its relationships.

Names of parts are compared as those programs do: ``\`` is ``/``, case does not count.  Only parts named by a
relationship are unpacked, after their sizes were checked.  Entities (XML bombs) are refused.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, NamedTuple, NoReturn
from xml.parsers import expat

from engine.errors import BadInput
from engine.sentences import Amount

MAX_UNPACKED = 400_000_000
"""Bytes of all parts of a workbook together, unpacked."""
MAX_PARTS = 2_000
_BLOCK = 1 << 16
_PROLOGUE = 2_048  # bytes in which a part would declare its document type
_MAX_TOKEN = 4_000_000  # bytes that may be one tag or one text
# What zipfile and expat raise for damaged files besides their own errors.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, OSError, ValueError, LookupError,
    OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip
_DOCUMENT = "/officeDocument"


class Relationship(NamedTuple):
    """What a part is related to: the last word of the relation's type, and the name of the other part."""

    kind: str
    target: str


class Package:
    """A zip file of parts."""

    def __init__(self, file: BinaryIO, filename: str, *, max_unpacked: int = MAX_UNPACKED) -> None:
        self.filename = filename
        with self.reading():
            file.seek(0)
            self._archive = zipfile.ZipFile(file)  # the file is the caller's and closes it
            parts = self._archive.infolist()
            self._parts = {_plain(part.filename): part for part in parts}
            unpacked = sum(part.file_size for part in parts)
            if unpacked > max_unpacked:
                raise BadInput(
                    "%(file)s unpacks to %(size)s bytes, more than a list may have (%(most)s); save it as CSV.",
                    file=filename, size=Amount(unpacked), most=Amount(max_unpacked),
                )  # fmt: skip
            if len(parts) > MAX_PARTS:
                raise BadInput(
                    "%(file)s has %(parts)s parts, more than a list may have (%(most)s); save the sheet with the numbers as CSV.",
                    file=filename, parts=Amount(len(parts)), most=Amount(MAX_PARTS),
                )  # fmt: skip
            if len(self._parts) != len(parts):
                raise BadInput("%(file)s is damaged: it has two parts of one name.", file=filename)
            self._refuse_entities()

    def _refuse_entities(self) -> None:
        """Refuse a package that declares entities in any part, also in one that nobody reads here."""
        for name, part in self._parts.items():
            if name.endswith((".xml", ".rels")):
                with self._archive.open(part) as stream:
                    if b"<!DOCTYPE" in stream.read(_PROLOGUE):
                        _refuse(self.filename, name)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn the errors of reading a damaged package into one sentence."""
        try:
            yield
        except _DAMAGED as error:
            if isinstance(error, RuntimeError) and "password" in str(error):
                raise BadInput(
                    "%(file)s is protected with a password; save it without one.", file=self.filename
                ) from None
            raise BadInput(
                "%(file)s is damaged or cut short: %(why)s.", file=self.filename, why=first_line(error)
            ) from None

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._parts

    def names(self) -> list[str]:
        """The names of all parts, lower case, with ``/``."""
        return list(self._parts)

    def size(self, name: str) -> int:
        """The declared unpacked size of a part in bytes."""
        return self._parts[_plain(name)].file_size

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._parts[_plain(name)])

    def related(self, name: str) -> dict[str, Relationship]:
        """The relationships of a part by their ids; ``""`` is the package itself."""
        folder, base = posixpath.split(_plain(name))
        path = posixpath.join(folder, "_rels", base + ".rels")
        found: dict[str, Relationship] = {}
        if path not in self._parts:
            return found

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                whole = target if target.startswith("/") else posixpath.join("/", folder, target)
                kind = attributes.get("Type", "")
                found[attributes.get("Id", "")] = Relationship(
                    "/" + kind.rpartition("/")[2], posixpath.normpath(whole).lstrip("/")
                )

        self.parse(path, start)
        return found

    def document(self) -> str:
        """The name of the main part; empty when there is none."""
        for relation in self.related("").values():
            if relation.kind == _DOCUMENT and relation.target in self:
                return relation.target
        return "xl/workbook.xml" if "xl/workbook.xml" in self else ""

    def parse(
        self,
        name: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Read a part to its end; `start` is called with each tag and its attributes, `end` with each that is closed.

        `text` is called with the text between them, perhaps in pieces.
        """
        parser = parser_of(self.filename, name)
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        with self.open(name) as stream:
            for _ in fed(parser, stream, self.filename, name):
                pass


def parser_of(filename: str, name: str) -> expat.XMLParserType:
    """A parser that refuses constructs which no spreadsheet program writes."""

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = lambda *_: _refuse(filename, name)
    return parser


def _refuse(filename: str, name: str) -> NoReturn:
    raise BadInput(
        "%(file)s declares XML entities in %(part)s, which no list needs.", file=filename, part=name
    )


def fed(parser: expat.XMLParserType, stream: IO[bytes], filename: str, name: str) -> Iterator[None]:
    """Feed a part to a parser, a block at a time; each step is one block."""
    at = 0
    while block := stream.read(_BLOCK):
        parser.Parse(block, False)
        at += len(block)
        if at - parser.CurrentByteIndex > _MAX_TOKEN:
            raise BadInput(
                "%(file)s is damaged: %(part)s has a tag without an end.", file=filename, part=name
            )
        yield
    parser.Parse(b"", True)
    yield


def local(tag: str) -> str:
    """A tag's or an attribute's name without its prefix."""
    return tag.rpartition(":")[2]


def first_line(error: BaseException) -> str:
    """The text of an error, truncated: zipfile quotes names of parts, which may be kilobytes of garbage."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return first[:120].rstrip(".")


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/").lower().lstrip("/")) if name else ""
