"""Pages are compressed on the wire, each with a length that a listener learns little from.

What is typed comes back on a page beside what is secret there, so the length of a compressed page could tell a listener
whether the two are alike (BREACH).  Against this stands, as in Django: a random number of bytes in the header of the
gzip stream.  Tokens of forms are signed anew each second, and cookies do not go with requests of other sites.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Flask, Response, request

LEAST_BYTES = 4_000
LEVEL = 5
MOST_PADDING = 100


def init_app(app: Flask) -> None:
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    """Whole pages alone: what a page asks for every few seconds is small, and files are compressed already."""
    if response.mimetype != "text/html" or response.is_streamed or request.headers.get("HX-Request"):
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if (
        request.accept_encodings["gzip"] <= 0
        or len(content) < LEAST_BYTES
        or "Content-Encoding" in response.headers
    ):
        return response
    packed = io.BytesIO()
    padding = "a" * (1 + secrets.randbelow(MOST_PADDING))
    with gzip.GzipFile(padding, "wb", LEVEL, packed, mtime=0) as stream:
        stream.write(content)
    response.set_data(packed.getvalue())
    response.headers["Content-Encoding"] = "gzip"
    return response
