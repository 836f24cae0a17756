"""The static files: compressed once, with a hash of their content in the address, cached for a year.

An address without the hash, or with an old one, is answered too, but browsers must ask again the next time.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

ROOT = Path(__file__).resolve().parents[1] / "static"
FONT = "vendor/Vazirmatn-wght.woff2"
KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
_TEXT = {".css", ".js", ".svg", ".txt"}
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    packed: bytes | None  # with gzip; None for formats that are compressed already
    media_type: str
    mark: str


def init_app(app: Flask) -> None:
    """Serve the files as the endpoint ``static``; `url_for` adds the hash to each address."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=_send)
    app.url_defaults(_name_version)


def mark_of(filename: str) -> str:
    """The hash of a file's content; empty when there is no such file."""
    found = _files().get(filename)
    return found.mark if found is not None else ""


def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values:
        values["v"] = mark_of(str(values.get("filename", ""))) or None


@cache
def _files() -> dict[str, _File]:
    """All files by their path below ``static/``, half a megabyte: a requested path is looked up, never opened.

    Style sheets come last, because the font's address in them needs its hash, or browsers would fetch it twice.
    """
    found: dict[str, _File] = {}
    for path in sorted(ROOT.rglob("*"), key=lambda path: path.suffix == ".css"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".css" and FONT.encode() in content:
                content = content.replace(FONT.encode(), f"{FONT}?v={found[FONT].mark}".encode())
            media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or ""
            packed = gzip.compress(content, 9, mtime=0) if path.suffix in _TEXT else None
            mark = hashlib.blake2b(content, digest_size=6).hexdigest()
            found[path.relative_to(ROOT).as_posix()] = _File(content, packed, media_type, mark)
    return found


def _send(filename: str) -> Response:
    file = _files().get(filename)
    if file is None:
        raise NotFound
    is_packed = file.packed is not None and request.accept_encodings["gzip"] > 0
    answer = Response(file.packed if is_packed else file.content, content_type=file.media_type)
    if file.media_type.startswith("text/"):
        answer.content_type = f"{file.media_type}; charset=utf-8"
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    if file.packed is not None:
        answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = KEPT if request.args.get("v") == file.mark else ASKED_AGAIN
    answer.set_etag(f"{file.mark}{'z' if is_packed else ''}")
    return answer.make_conditional(request)
