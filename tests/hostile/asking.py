"""Requests as people and programs with bad intentions send them: each by its number, always the same."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Flask

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


def make(number: int, app: Flask, known: dict[str, Any]) -> Asked:
    """The request of that number; `known` are values of things that are there, by the names of the routes' parts."""
    chance = random.Random(number)
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
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
    if method not in ("GET", "HEAD"):
        if chance.random() < 0.7:
            made.fields = {_name(chance): _text(chance) for _ in range(chance.randint(0, 12))}
            made.keeps_token = True
        else:
            made.body = chance.choice(BODIES)
            made.headers.setdefault("Content-Type", chance.choice(KINDS))
    return made


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
