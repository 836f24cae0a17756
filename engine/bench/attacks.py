"""The attacks of `bench hostile` on the web UI; each is bounded in count and in time and ends by itself."""

from __future__ import annotations

import http.client
import io
import re
import secrets
import socket
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from engine.bench.kit import numbers

HOST = "127.0.0.1"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data; boundary=x"


@dataclass
class Visitor:
    """A browser with an IP address of its own (the bench's server trusts X-Forwarded-For)."""

    port: int
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status (0: cut off), body and headers of an answer."""
        line = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        told = {"X-Forwarded-For": self.address, "Accept-Language": "en", **(headers or {})}
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                line.request(method, path, body, told)  # type: ignore[arg-type]
            answer = line.getresponse()
            found = answer.status, answer.read(), answer.headers
        except (OSError, http.client.HTTPException):
            found = 0, b"", http.client.HTTPMessage()
        finally:
            line.close()
        for each in found[2].get_all("Set-Cookie") or []:
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.answers[found[0]] += 1
        return found

    def token(self, page: str) -> str:
        found = _TOKEN.search(self.ask("GET", page)[1].decode("utf-8", "replace"))
        return found[1] if found else ""

    def log_in(self, name: str, password: str) -> bool:
        token = self.token("/login")
        return self.form("/login", {"username": name, "password": password}, token)[0] == 302

    def form(
        self, path: str, fields: dict[str, str], token: str, files: Iterable[tuple[str, str, bytes]] = ()
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Send a form with its files (field, name, content)."""
        edge = secrets.token_hex(12)
        body = io.BytesIO()
        for name, value in {**fields, "csrf_token": token}.items():
            body.write(
                f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            )
        for name, file, content in files:
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'
            body.write(head.encode() + content + b"\r\n")
        body.write(f"--{edge}--\r\n".encode())
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return self.ask("POST", path, body.getvalue(), headers)


@dataclass(frozen=True)
class Scene:
    """The users and data of an attack."""

    port: int
    customer: Visitor  # a logged-in user with an account
    campaign: int  # a draft of that account, with a message
    api_token: str
    seconds: float

    def nobody(self, number: int = 0) -> Visitor:
        return Visitor(self.port, f"198.51.{100 + number // 250}.{number % 250 + 1}")


Attack = Callable[[Scene], str | None]
"""Does it, and says what of it was taken, where that is not to be seen from the answers."""


def _at_once(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)


def _until(seconds: float) -> Iterator[int]:
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        yield n
        n += 1


def forms(scene: Scene) -> None:
    """Four connections that send forms of 1 MB to the log-in."""
    body = b"a&" * 500_000

    def send(number: int) -> None:
        for n in _until(scene.seconds):
            scene.nobody(number * 50 + n % 50).ask("POST", "/login", body, {"Content-Type": _FORM})

    _at_once(4, send)


def multipart(scene: Scene) -> None:
    """Bodies of line ends, of 999 parts and of 100 MB, by a visitor and by a customer."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    bodies = (b"\r\n" * 2_000_000, part * 999 + b"--x--\r\n", bytes(100_000_000), b"\r\n" * 50_000_000)
    for n in _until(scene.seconds):
        for who, path in ((scene.nobody(n % 50), "/login"), (scene.customer, "/campaigns/new")):
            who.ask("POST", path, bodies[n % len(bodies)], {"Content-Type": _PARTS})


def api_json(scene: Scene) -> None:
    """90 MB of nested lists to the web service, with and without a token; and 200,000 levels of nesting."""
    large, deep = b"[" + b"[]," * 30_000_000 + b"[]]", b"[" * 200_000 + b"]" * 200_000
    for n in _until(scene.seconds):
        headers = {"Content-Type": "application/json"}
        if n % 2 == 0:
            headers["Authorization"] = f"Bearer {scene.api_token}"
        scene.customer.ask("POST", "/api/v1/tickets", deep if n % 3 == 2 else large, headers)


def _add_list(scene: Scene, file: str, content: bytes) -> str:
    """Add a list to the campaign, confirm it after the check, wait for the import; returns how far it came."""
    who, add = scene.customer, f"/campaigns/{scene.campaign}/numbers"
    until = time.monotonic() + 6 * scene.seconds
    came = "refused"
    token = who.token(add)
    at = ""
    while not at and time.monotonic() < until:
        status, _, headers = who.form(add, {"number_column": ""}, token, [("numbers", file, content)])
        at = headers.get("Location", "")
        if status not in (302, 400, 429):
            return came
        if not at:
            time.sleep(1.0)  # the limits of an account: large bodies, waiting lists
    while "/numbers/" in at and time.monotonic() < until:
        came = "read"
        status, page, headers = who.ask("GET", at)
        found = _TOKEN.search(page.decode("utf-8", "replace"))
        if status == 302:  # not a list, or it could not be read
            return "refused" if headers.get("Location", "").endswith(add) else came
        if f'action="{at}"'.encode() in page and found:
            at = who.form(at, {}, found[1])[2].get("Location", "")
        else:
            time.sleep(0.5)
    while "/imports/" in at and time.monotonic() < until:
        came = "coming in"
        if "HX-Redirect" in (headers := who.ask("GET", f"{at}/live")[2]) or "HX-Refresh" in headers:
            return "in"
        time.sleep(0.5)
    return came


def _all_lists(scene: Scene, files: list[tuple[str, bytes]]) -> str:
    ends: Counter[str] = Counter()
    _at_once(len(files), lambda n: ends.update([_add_list(scene, *files[n])]))
    return ", ".join(f"{count} {end}" for end, count in ends.most_common())


def lists(scene: Scene) -> str:
    """Twelve lists of 300,000 rows at once."""
    parts = [numbers(300_000, skip=300_000 * n) for n in range(12)]
    return _all_lists(
        scene, [(f"{n}.csv", ("number\n" + "\n".join(part) + "\n").encode()) for n, part in enumerate(parts)]
    )


def workbook(scene: Scene) -> str:
    """Three workbooks of about 1 MB, each 380 MB when unpacked."""
    file = io.BytesIO()
    row = b'<row><c t="inlineStr"><is><t>09121110000</t></is></c></row>'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("[Content_Types].xml", _TYPES)
        packed.writestr("_rels/.rels", _relation("officeDocument", "xl/workbook.xml"))
        packed.writestr("xl/workbook.xml", _BOOK)
        packed.writestr("xl/_rels/workbook.xml.rels", _relation("worksheet", "worksheets/sheet1.xml"))
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for _ in range(380):
                sheet.write(row * (1_000_000 // len(row)))
            sheet.write(b"</sheetData></worksheet>")
    return _all_lists(scene, [(f"{n}.xlsx", file.getvalue()) for n in range(3)])


def tickets(scene: Scene) -> str:
    """600 messages of nearly 20 kB to one ticket, and its page."""
    words = "word " * 3_990
    page = scene.customer.ask("GET", "/tickets/new")[1].decode("utf-8", "replace")
    token = scene.customer.token("/tickets/new")
    choice = re.search(r'name="department".*?<option[^>]*value="([^"]+)"', page, re.S)
    fields = {
        "subject": "many words",
        "text": "first",
        "department": choice[1] if choice else "",
        "key": "bench",
    }
    _, _, headers = scene.customer.form("/tickets/new", fields, token)
    found = re.search(r"/tickets/(\d+)", headers.get("Location", ""))
    ticket = found[1] if found else "1"
    end, taken = time.monotonic() + 3 * scene.seconds, 0
    for n in range(600):
        if time.monotonic() > end:
            break
        status = scene.customer.form(f"/tickets/{ticket}/reply", {"text": f"{n} {words}"}, token)[0]
        taken += status == 302
    for _ in range(5):
        scene.customer.ask("GET", f"/tickets/{ticket}")
    return f"{taken} taken"


def invitations(scene: Scene) -> None:
    """54 invitations."""
    token = scene.customer.token("/people")
    for n in range(54):
        scene.customer.form(
            "/people/invite", {"username": f"guest-{secrets.token_hex(4)}-{n}", "role": "member"}, token
        )


def log_ins(scene: Scene) -> None:
    """38 concurrent log-ins, each from another IP address."""

    def try_it(number: int) -> None:
        for n in _until(scene.seconds):
            scene.nobody(number * 40 + n % 40).log_in(f"somebody-{number}", "not the password")

    _at_once(38, try_it)


def do_not_call(scene: Scene) -> str:
    """Three imports of a million numbers each into the account's do-not-call list."""
    taken: list[int] = []

    def send(number: int) -> None:
        content = ("number\n" + "\n".join(numbers(1_000_000, skip=1_000_000 * number)) + "\n").encode()
        until = time.monotonic() + 6 * scene.seconds
        status = 429
        while status == 429 and time.monotonic() < until:
            token = scene.customer.token("/do-not-call")
            status = scene.customer.form(
                "/do-not-call/import", {}, token, [("file", f"{number}.csv", content)]
            )[0]
            time.sleep(1.0 if status == 429 else 0.0)
        taken.append(status)

    _at_once(3, send)
    return f"{taken.count(200)} taken"


def half_open(scene: Scene) -> None:
    """505 connections that never finish their request headers."""
    with ExitStack() as opened:
        for n in range(505):
            with suppress(OSError):
                line = opened.enter_context(socket.create_connection((HOST, scene.port), timeout=5))
                line.sendall(
                    b"POST /login HTTP/1.1\r\nHost: x\r\n" + (b"Content-Length: 9\r\n\r\n" if n % 2 else b"")
                )
        time.sleep(scene.seconds)


ATTACKS: dict[str, Attack] = {
    "nothing": lambda scene: time.sleep(scene.seconds),
    "1 MB forms": forms,
    "multipart": multipart,
    "JSON": api_json,
    "12 lists": lists,
    "workbook": workbook,
    "600 messages": tickets,
    "54 invitations": invitations,
    "38 log-ins": log_ins,
    "do-not-call": do_not_call,
    "half-open": half_open,
}

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_BOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/{kind}" Target="{target}"/></Relationships>'
    )
