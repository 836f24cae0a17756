"""The fields of the product's own pages, and what nobody in his right mind writes into them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

HOSTILE = (
    "9" * 400, "%", "\0", "\ud800", "9999-12-31 23:59", "0001-01-01 00:00", "1" + "0" * 400, "-1", "x" * 10_000,
    "1e400", str(2**63), "9377/12/29 23:59", "1278/10/11 00:00", "\u202e", "0", "99:99", "٩" * 30, "²", "①",
    "0000-00-00", "0000/00/00", "nan", "inf", "%(x)s", "{0.x}", "\r\nX: y", "1-999999999999", "1,,2", "-", "1_0", "12-0000",
    "0000-01", "9999-12", str(2**64), "-" + "9" * 400, "۱۴۰۳/۱۲/۳۱ ۲۴:۰۰", "[" * 300, "24:00-24:00", " ", "",
)  # fmt: skip
UNTYPED = ("file", "submit", "button", "image", "reset")
QUERY_NAME = re.compile(r"""\bargs(?:\.get|\.getlist)?[(\[]\s*"(\w+)\"""")


@dataclass
class Form:
    """A form as a browser would send it untouched; `typed` are the fields that a person writes into."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class FormReader(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._open)
            return
        if self._open is None:
            return
        name, value, values = given.get("name"), given.get("value"), self._open.values
        if tag == "option" and self._select and (self._select not in values or "selected" in given):
            values[self._select] = value or ""
        if not name:
            return
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            values[name] = "x"
            self._open.typed.add(name)
        elif tag == "button":
            values[name] = value or ""
        elif tag == "input" and given.get("type") in ("radio", "checkbox"):
            if "checked" in given or name not in values:
                values[name] = value or "on"
        elif tag == "input" and given.get("type") not in UNTYPED:
            values[name] = value or ""
            if given.get("type") != "hidden":
                self._open.typed.add(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None


def forms_of(page: str) -> list[Form]:
    reader = FormReader()
    reader.feed(page)
    return reader.forms


def query_names(view: Callable[..., Any]) -> list[str]:
    """The names that the module of a view looks for in queries."""
    module = sys.modules[inspect.unwrap(view).__module__]
    return sorted(set(QUERY_NAME.findall(inspect.getsource(module))) | {"before", "from"})


def encoded(values: dict[str, str]) -> str:
    """The values as a form or a query carries them, half characters included."""
    return urlencode(values, errors="surrogatepass")
