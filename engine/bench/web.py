"""`bench web`: a large list through the steps of a new campaign, its import, and the download of its report.

The web UI runs in its own process (`serve --web-only`), so that its memory can be measured.  Another client requests a
page all the time and reports the longest response.
"""

from __future__ import annotations

import http.client
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import soundfile

from engine.bench.kit import data_dir
from engine.bench.large import write_list
from engine.errors import SwitchUnavailable

USER, HOST = "admin", "127.0.0.1"
_BLOCK = 1 << 20
_RULES = {
    "name": "bench", "kind": "service", "begins": "now", "max_tries": "1", "retry_after": "0", "ring_timeout_s": "30",
    "windows": "", "delivered_percent": "100", "weekdays": "1",
}  # fmt: skip
_ENDED = re.compile(r"All numbers are in|could not be brought in")
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def run_web(count: int) -> dict[str, Any]:
    """Times (s) and memory (MB) of the web process, from the first byte of the upload to the last of the report."""
    with data_dir() as folder:
        numbers = folder / "list.csv"
        write_list(numbers, count)
        with served(folder) as (browser, process):
            before = memory_mb(process, "VmRSS")
            with _Asking(browser.port) as asking:
                figures = _upload(browser, numbers, process)
            figures["longest_other_answer_ms"] = asking.longest_s * 1000
            figures["memory_before_mb"] = before
            figures["peak_memory_upload_mb"] = memory_mb(process, "VmHWM")
            campaign = figures.pop("campaign")
            for kind in ("csv", "xlsx"):
                with _Asking(browser.port) as asking:
                    figures |= browser.download(f"/campaigns/{campaign}/result.{kind}", kind)
                figures[f"{kind}_longest_other_answer_ms"] = asking.longest_s * 1000
            figures["peakmemory_mb"] = memory_mb(process, "VmHWM")
        return {"rows": count, "list_mb": numbers.stat().st_size / 1e6, **figures}


class Browser:
    """A logged-in user: one connection for each request, cookies, forms with their CSRF token."""

    def __init__(self, port: int, password: str = "") -> None:
        self.port = port
        self.password = password  # of the administrator
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[http.client.HTTPResponse, str]:
        found = self._ask("GET", path)
        return found, found.read().decode("utf-8", "replace")

    def send(
        self, path: str, fields: dict[str, str], page: str, files: dict[str, Path] | None = None
    ) -> http.client.HTTPResponse:
        """Send a form of `page`, with its files streamed."""
        token = _TOKEN.search(self.get(page)[1])
        if token is None:
            raise SwitchUnavailable("The page %(page)s of the web UI has no form.", page=page)
        edge, files = secrets.token_hex(16), files or {}
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{{}}"'
        parts: list[tuple[bytes, Path | None]] = [
            (f"{head.format(name)}\r\n\r\n{value}\r\n".encode(), None)
            for name, value in {**fields, "csrf_token": token[1]}.items()
        ]
        parts += [
            (f'{head.format(name)}; filename="{file.name}"\r\n\r\n'.encode(), file)
            for name, file in files.items()
        ]
        end = f"--{edge}--\r\n".encode()
        length = sum(len(text) + (file.stat().st_size + 2 if file else 0) for text, file in parts) + len(end)
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Content-Length": str(length)}

        def body() -> Iterator[bytes]:
            for text, file in parts:
                yield text
                if file is not None:
                    with file.open("rb") as source:
                        while block := source.read(_BLOCK):
                            yield block
                    yield b"\r\n"
            yield end

        answer = self._ask("POST", path, body(), headers)
        answer.read()
        return answer

    def download(self, path: str, kind: str) -> dict[str, float]:
        """Download a report: seconds until the first and the last byte, and the number of bytes."""
        began, size = time.monotonic(), 0
        answer = self._ask("GET", path)
        answer.read(1)
        first = time.monotonic() - began
        while block := answer.read(_BLOCK):
            size += len(block)
        return {
            f"{kind}_first_byte_s": first,
            f"{kind}_seconds": time.monotonic() - began,
            f"{kind}_mb": (size + 1) / 1e6,
        }

    def _ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=600)
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection.request(
            method,
            quote(path, safe="/?&=%"),
            body,
            {"Cookie": cookie, "Accept-Language": "en", "Accept": "text/html", **(headers or {})},
        )
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                self._cookies[key] = kept
        return answer


class _Asking:
    """Another client, which requests a page twenty times a second."""

    def __init__(self, port: int) -> None:
        self.longest_s = 0.0
        self._browser = Browser(port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            began = time.monotonic()
            self._browser.get("/healthz")
            self.longest_s = max(self.longest_s, time.monotonic() - began)


def _upload(browser: Browser, numbers: Path, process: int) -> dict[str, Any]:
    """A new campaign of the list: upload, message and rules, confirmation, import; returns the times."""
    sound = numbers.with_name("message.wav")
    _write_tone(sound)
    began = time.monotonic()
    start = _next_of(
        browser.send(
            "/campaigns/new", {"account": "1", "contact_list": "0"}, "/campaigns/new", {"numbers": numbers}
        )
    )
    sent = time.monotonic() - began
    base = start.removesuffix("/list")
    while "is being read" in browser.get(start)[1]:
        time.sleep(0.2)
    checked = time.monotonic() - began
    at_check = memory_mb(process, "VmHWM")
    message = f"{base}/message"
    _next_of(browser.send(f"{message}/upload", {"title": "bench"}, message, {"sound": sound}))
    rules = f"{base}/rules"
    _next_of(browser.send(rules, _RULES, rules))
    progress = _next_of(browser.send(base, {"action": "keep"}, base))
    confirmed = time.monotonic() - began
    while not (ended := _ENDED.search(page := browser.get(progress)[1])):
        time.sleep(0.2)
    if "could not" in ended[0]:
        raise SwitchUnavailable("The list was not brought in.")
    campaign = re.search(r"/campaigns/(\d+)", page)
    return {
        "upload_s": sent,
        "checked_s": checked,
        "confirmed_s": confirmed,
        "imported_s": time.monotonic() - began,
        "peak_memory_check_mb": at_check,
        "campaign": campaign[1] if campaign else "0",
    }


def _next_of(answer: http.client.HTTPResponse) -> str:
    """The redirect of an accepted form."""
    if answer.status != 302:
        raise SwitchUnavailable("The upload was refused with %(status)s.", status=answer.status)
    return answer.getheader("Location") or ""


def _write_tone(path: Path) -> None:
    """Write two seconds of a tone, to be uploaded."""
    wave = (np.sin(np.arange(32_000) * (2 * np.pi * 440 / 16_000)) * 8_000).astype("<i2")
    soundfile.write(path, wave, 16_000)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Browser, int]]:
    """A web UI in its own process, and a logged-in user."""
    password = secrets.token_urlsafe(16)
    with web_process(folder / "data", AVANAK_ADMIN_PASSWORD=password) as (port, process):
        browser = Browser(port, password)
        browser.send("/login", {"username": USER, "password": password}, "/login")
        browser.send("/language", {"language": "en"}, "/")
        yield browser, process


@contextmanager
def web_process(data: Path, **environment: str) -> Iterator[tuple[int, int]]:
    """A web UI in its own process: (port, process id)."""
    port = free_port()
    env = {
        **os.environ,
        "AVANAK_DATA_DIR": str(data),
        "AVANAK_WEB_PORT": str(port),
        "AVANAK_LOG_LEVEL": "WARNING",
        **environment,
    }
    child = subprocess.Popen([sys.executable, "-m", "engine", "serve", "--web-only"], env=env)
    try:
        wait_until_served(port, child)
        yield port, child.pid
    finally:
        child.terminate()
        child.wait(30)


def wait_until_served(port: int, child: subprocess.Popen[bytes]) -> None:
    while child.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SwitchUnavailable("The web UI did not come up.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def memory_mb(process: int, field: str) -> float:
    """A field of /proc/PID/status: VmRSS now, VmHWM at its largest."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("ascii"))
    return int(found[1]) / 1024 if found else 0.0
