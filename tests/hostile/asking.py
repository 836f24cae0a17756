"""Requests as people and programs with bad intentions send them: each by its number, always the same."""

from __future__ import annotations

import random
import string
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Flask
from pydantic import BaseModel

from webui.api import models
from webui.api.rest import table

METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
)
WHO = (None, "owner", "colleague", "outsider", "admin", "operator", "quality", "agent", "finance")

TEXTS = (
    "", " ", "0", "1", "-1", "9" * 30, str(2**63), str(-(2**63)), "1e999", "NaN", "Infinity", "0x10", "1.5", "۱۲۳",
    "null", "true", "[]", "{}", "'", '"', "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "%(x)s", "%s%n",
    "\0", "\r\nSet-Cookie: a=b", "\x1b[2J", "\u202e", "\ud800", "\ufeff", "a" * 5_000, "آ" * 2_000, "😀" * 500,
    "../../etc/passwd", "..\\..\\", "/", "//evil.example", "http://evil.example", "javascript:alert(1)", "a@b.c",
    "09121110000", "+989121110000", "1403/13/45 25:61", "2026-02-30", "09:30-14:00", "99:99-99:99", "9-9,,9-",
    "operator", "administrator", "owner", "on", "embedded", "lab", "service", "start", "keep", "\t", "a\nb", "İ", "ß",
    "(a+)+$" + "a" * 40, ",".join("x" * 20 for _ in range(20)), "۱۴۰۵/۰۱/۰۱ ۱۲:۰۰",
)  # fmt: skip
NAMES = (
    "action", "account", "before", "from", "after", "next", "language", "calendar", "page", "q", "text", "state", "kind",
    "clone", "draft", "campaign", "token", "month", "reason", "name", "username", "role", "amount", "key", "files",
    "numbers", "sound", "number", "code", "mobile", "password", "again", "subject", "department", "wanted", "cps",
    "channels", "caller_id", "windows", "prefix", "title", "starts_at", "ends_at", "score", "way", "agent", "what",
)  # fmt: skip
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "application/json",
    "text/plain", "application/octet-stream", "image/png", "", "application/json; charset=utf-7", "text/xml",
    "multipart/form-data; boundary=" + "x" * 300,
)  # fmt: skip
BODIES = (
    b"", b"[" * 200_000, b'{"a":' * 5_000, b"\xff\xfe\xfd", b"--x\r\n\r\n--x--", b"--x\r\nContent-Disposition: form-data\r\n\r\n",
    b'--x\r\nContent-Disposition: form-data; name="numbers"; filename="a.xlsx"\r\n\r\nPK\x03\x04\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="\x00/../a"\r\n\r\n%PDF\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="sound"; filename="a.wav"\r\n\r\nRIFF\xff\xff\xff\xffWAVE\r\n--x--\r\n',
    b"a&" * 400, b"a=%ZZ&%=&=&&&&", b"\r\n" * 10_000, b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"null", b"1", b'"x"', b'{"text": null}', b'{"text": ["a"]}', b'{"subject": "\\ud800"}',
)  # fmt: skip
# Values that programs get wrong.
JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**53, 2**63 - 1, 2**64 - 1, -(2**63), "", [], {}, [[]], [None], {"": ""},
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2026-02-30", "0000-00-00", "1" * 400,
)  # fmt: skip
HEADERS = (
    {}, {"HX-Request": "true"}, {"Accept": "application/json"}, {"Accept-Language": "xx-" + "y" * 200}, {"Range": "bytes=9-1"},
    {"Range": "bytes=0-,0-,0-"}, {"If-Modified-Since": "never"}, {"Host": "evil.example"}, {"X-Forwarded-For": "1.2.3.4, ::1"},
    {"Authorization": "Bearer avk_x"}, {"Authorization": "Basic " + "A" * 500}, {"Authorization": "Basic \u00ff"},
    {"Cookie": "avanak=" + "x" * 3_000}, {"Cookie": "avanak=.eJw; avanak=;=;"}, {"Content-Length": "-1"},
    {"Content-Length": "99999999999999999999"}, {"Content-Type": "a/b; c"}, {"If-None-Match": '"' * 100},
)  # fmt: skip


@dataclass
class Asked:
    """One request."""

    who: str | None
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] | None = None
    body: bytes | None = None
    keeps_token: bool = False  # with the CSRF token of the person's session
    json: Any = None  # what a program sends
    is_program: bool = False  # shows a token that works, most of the time


def area_of(endpoint: str) -> str:
    """The part of the product that a route belongs to: `api`, `rest`, or `pages`."""
    area = endpoint.split(".")[0]
    return area if area in ("api", "rest") else "pages"


def make(number: int, app: Flask, known: dict[str, Any], areas: Collection[str] = ()) -> Asked:
    """The request of that number; `known` are values of things that are there, by the names of the routes' parts.

    With `areas` only their routes are asked.
    """
    chance = random.Random(number)
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    rules = [rule for rule in rules if not areas or area_of(rule.endpoint) in areas]
    rule = rules[number % len(rules)]  # every route has its turn
    path = _path(rule, chance, known)
    if chance.random() < 0.3:
        wanted = [
            f"{quote(_name(chance).encode('utf-8', 'replace'))}={quote(_text(chance).encode('utf-8', 'replace'))}"
            for _ in range(chance.randint(1, 4))
        ]
        path += "?" + "&".join(wanted)[:6_000]
    usual = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
    method = chance.choice(METHODS) if chance.random() < 0.3 else chance.choice(usual)
    made = Asked(
        chance.choice(WHO), method, path, dict(chance.choice(HEADERS)) if chance.random() < 0.3 else {}
    )
    if area_of(rule.endpoint) != "pages" and chance.random() < 0.9:
        return _of_program(made, rule, app, chance, known)
    if method not in ("GET", "HEAD"):
        if chance.random() < 0.7:
            made.fields = {_name(chance): _text(chance) for _ in range(chance.randint(0, 12))}
            made.keeps_token = True
        else:
            made.body = chance.choice(BODIES)
            made.headers.setdefault("Content-Type", chance.choice(KINDS))
    return made


def _of_program(made: Asked, rule: Any, app: Flask, chance: random.Random, known: dict[str, Any]) -> Asked:
    """The same by a program whose token works, with the fields that its route knows."""
    made.is_program, made.who = True, None
    made.headers.pop("Authorization", None)
    if rule.endpoint.startswith("rest."):
        method = next(
            each for each in table.METHODS if each.name.lower() == rule.endpoint.removeprefix("rest.")
        )
        given = {
            each.name: _value(each.name, chance, known) for each in method.params if chance.random() < 0.8
        }
        made.method = chance.choice(("GET", "POST"))
        if made.method == "POST":
            made.fields = given
        else:
            query = "&".join(f"{n}={quote(v.encode('utf-8', 'replace'))}" for n, v in given.items())
            made.path = f"{made.path.partition('?')[0]}?{query}"[:8_000]
        return made
    if rule.rule.endswith("/events"):  # or it listens for minutes
        made.path = made.path.partition("?")[0] + "?seconds=0"
    if made.method not in ("GET", "HEAD"):
        # A body of the route's own module, most of the time with nothing but its fields: others are refused at once.
        bodies = [
            each for each in _bodies() if each.__module__ == app.view_functions[rule.endpoint].__module__
        ]
        fields = list(chance.choice(bodies).model_fields) if bodies else []
        made.json = {name: _json(chance, 0) for name in fields if chance.random() < 0.8}
        if chance.random() < 0.2:
            made.json = _json(chance, 0)
    return made


def _bodies() -> list[type[BaseModel]]:
    return sorted(models.RequestBody.__subclasses__(), key=lambda each: each.__name__)


def _value(name: str, chance: random.Random, known: dict[str, Any]) -> str:
    """A parameter of the older web service: half of the time one that would do."""
    if chance.random() < 0.5:
        return _text(chance)
    usual = {"messageid": "message_id", "quicksendid": "quick_id", "campaignid": "campaign_id"}.get(
        name.lower()
    )
    if usual:
        return str(known[usual])
    return chance.choice(("09121110000", "1", "true", "سلام به همه", "2022-11-11 12:00:00", "10"))


def _json(chance: random.Random, level: int) -> Any:
    kind = chance.random()
    if kind < 0.3:
        return _text(chance).encode("utf-8", "replace").decode()
    if kind < 0.5:
        return chance.choice(JSON_VALUES)
    if level > 3 or kind < 0.8:
        return chance.choice(("09121110000", 1, True, "2027-01-01T10:00:00Z", ["09121110000"], "service"))
    if kind < 0.9:
        return [_json(chance, level + 1) for _ in range(chance.randint(0, 4))]
    return {_name(chance).encode("utf-8", "replace").decode(): _json(chance, level + 1) for _ in range(2)}


def _path(rule: Any, chance: random.Random, known: dict[str, Any]) -> str:
    parts = []
    for is_dynamic, part in rule._trace:
        if not is_dynamic:
            parts.append(part.lstrip("|"))
            continue
        if chance.random() < 0.75 and part in known:
            parts.append(quote(str(known[part])))
        else:
            parts.append(quote(_text(chance).encode("utf-8", "replace")[:500], safe=""))
    path = "".join(parts)
    return path if path.startswith("/") else "/" + path


def _text(chance: random.Random) -> str:
    if chance.random() < 0.15:
        return "".join(chance.choice(string.printable) for _ in range(chance.randint(1, 60)))
    return chance.choice(TEXTS)


def _name(chance: random.Random) -> str:
    return chance.choice(NAMES) if chance.random() < 0.9 else _text(chance)[:100]
