"""A client of the Avanak web service (/api/v1) in one file: typed, and safe to repeat.

Needs Python 3.11 and ``requests``.  What makes something carries an Idempotency-Key, so that a request whose
answer was lost is sent again and does its work once.

    avanak = Avanak("https://panel.example.com", "avk_…")
    send = avanak.quick_send("09121234567", message_id=7, reference="order 12")
    print(avanak.wait_for_quick_send(send["id"])["outcome"])
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import requests

RETRIED = (429, 502, 503, 504)


class QuickSend(TypedDict):
    """One message to one number."""

    id: int
    number: str
    reference: str
    state: str
    outcome: str
    called_at: str | None
    answered_at: str | None
    finished_at: str | None
    heard_s: float
    vote: str
    price: int


class Line(TypedDict, total=False):
    """What became of a line of a bulk request."""

    line: int
    id: int | None
    reference: str
    reason: str
    detail: str
    detail_fa: str


class AvanakProblem(Exception):
    """What the service refused: `type` is stable, `errors` names the fields."""

    def __init__(self, status: int, values: Mapping[str, Any]) -> None:
        super().__init__(str(values.get("detail") or f"HTTP {status}"))
        self.status = status
        self.type = str(values.get("type", "")).removeprefix("urn:avanak:problem:")
        self.detail_fa = str(values.get("detail_fa", ""))
        self.errors: list[dict[str, str]] = list(values.get("errors", []))


class Avanak:
    """The web service at `base_url`, for the account of `token`."""

    def __init__(self, base_url: str, token: str, timeout_s: float = 30.0, tries: int = 4) -> None:
        self._base = base_url.rstrip("/") + "/api/v1"
        self._timeout_s, self._tries = timeout_s, tries
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def account(self) -> dict[str, Any]:
        """State, credit and permissions of the account."""
        return self._json("GET", "/account")

    def estimate(
        self, message_id: int, mobiles: int = 0, landlines: int = 0, texts: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The most that a sending costs, with the texts that follow its calls; nothing is set aside."""
        body = {"message_id": message_id, "mobiles": mobiles, "landlines": landlines, "texts": list(texts)}
        return self._json("POST", "/estimates", json=body)

    def speak(self, title: str, text: str, voice: str = "male", key: str = "") -> dict[str, Any]:
        """Let a text be spoken as a message."""
        body = {"title": title, "text": text, "voice": voice}
        return self._json("POST", "/messages/speech", key=key, json=body)

    def upload(self, title: str, sound: bytes, filename: str, key: str = "") -> dict[str, Any]:
        """Upload a sound as a message."""
        files = {"audio": (filename, sound)}
        return self._json("POST", "/messages", key=key, data={"title": title}, files=files)

    def quick_send(
        self, number: str, message_id: int, reference: str = "", key: str = "", **options: Any
    ) -> QuickSend:
        """Send a message to a number at once."""
        body = {"number": number, "message_id": message_id, "reference": reference, **options}
        return self._json("POST", "/quick-sends", key=key, json=body)  # type: ignore[return-value]

    def get_quick_send(self, quick_send_id: int) -> QuickSend:
        """What became of a quick send."""
        return self._json("GET", f"/quick-sends/{quick_send_id}")  # type: ignore[return-value]

    def wait_for_quick_send(self, quick_send_id: int, timeout_s: float = 120.0) -> QuickSend:
        """Look until it has its end; TimeoutError."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            found = self.get_quick_send(quick_send_id)
            if found["finished_at"]:
                return found
            time.sleep(1.0)
        raise TimeoutError(f"quick send {quick_send_id} has no end yet")

    def send_in_bulk(self, message_id: int, rows: Iterable[Mapping[str, Any]], key: str = "") -> list[Line]:
        """Send a message to many numbers; the answer to each line."""
        return self._lines(f"/quick-sends/bulk?message_id={message_id}", rows, key)

    def send_code(self, number: str, digits: int = 6, key: str = "") -> dict[str, Any]:
        """Speak a one-time code to a number."""
        return self._json("POST", "/one-time-codes", key=key, json={"number": number, "digits": digits})

    def check_code(self, code_id: int, code: str) -> bool:
        """Whether this is the code that was spoken."""
        return bool(self._json("POST", f"/one-time-codes/{code_id}/check", json={"code": code})["is_right"])

    def create_campaign(self, name: str, message_id: int, key: str = "", **rules: Any) -> dict[str, Any]:
        """Make a draft campaign."""
        body = {"name": name, "message_id": message_id, **rules}
        return self._json("POST", "/campaigns", key=key, json=body)

    def add_recipients(
        self, campaign_id: int, rows: Iterable[Mapping[str, Any]], key: str = ""
    ) -> list[Line]:
        """Add up to 100,000 recipients (number, reference, variables); the answer to each line."""
        return self._lines(f"/campaigns/{campaign_id}/recipients/bulk", rows, key)

    def act(self, campaign_id: int, action: str) -> dict[str, Any]:
        """``start``, ``pause``, ``resume`` or ``stop`` a campaign."""
        return self._json("POST", f"/campaigns/{campaign_id}/{action}", json={})

    def recipients(self, campaign_id: int, **filters: Any) -> Iterator[dict[str, Any]]:
        """The results of a campaign, one by one."""
        return self.pages(f"/campaigns/{campaign_id}/recipients", **filters)

    def pages(self, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._json("GET", path, params={**filters, "limit": 500, "cursor": cursor})
            yield from page["data"]
            cursor = page["next_cursor"]

    def _lines(self, path: str, rows: Iterable[Mapping[str, Any]], key: str) -> list[Line]:
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        headers = {"Content-Type": "application/x-ndjson"}
        answer = self._ask("POST", path, key=key, data=body, headers=headers)
        lines = [json.loads(line) for line in answer.text.splitlines()]
        if "problem" in lines[-1]:
            raise AvanakProblem(lines[-1]["problem"]["status"], lines[-1]["problem"])
        return lines[:-1]

    def _json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(method, path, **kwargs).json()
        return found

    def _ask(self, method: str, path: str, key: str = "", **kwargs: Any) -> requests.Response:
        headers = dict(kwargs.pop("headers", {}))
        if method == "POST":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        for left in reversed(range(self._tries)):
            try:
                answer = self._session.request(
                    method, self._base + path, headers=headers, timeout=self._timeout_s, **kwargs
                )
            except (requests.ConnectionError, requests.Timeout):
                if not left:
                    raise
                time.sleep(2.0 ** (self._tries - left) / 4)
                continue
            if answer.status_code in RETRIED and left:
                time.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            if answer.ok:
                return answer
            raise AvanakProblem(answer.status_code, _values(answer))
        raise AssertionError("unreachable")


def _values(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
