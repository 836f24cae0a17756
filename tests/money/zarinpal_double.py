"""A server on loopback that speaks ZarinPal v4 as it is published, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gevent.pywsgi import WSGIServer

MERCHANT = "1344b5d4-0048-11e8-94db-005056a205be"


@dataclass
class ZarinPalDouble:
    """Payments by authority; `pay` does what the payer's browser does."""

    url: str = ""
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_broken: bool = False  # answers 502 with a page

    def pay(self, authority: str) -> None:
        self.payments[authority]["is_paid"] = True

    def app(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if self.is_broken:
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<html>bad gateway</html>"]
        body = json.loads(environ["wsgi.input"].read() or b"{}")
        method = environ["PATH_INFO"].rsplit("/", 1)[-1]
        self.asked.append(method)
        status, document = self.answer(method, body)
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    def answer(self, method: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if body.get("merchant_id") != MERCHANT:
            return refused(-9, "The input params invalid, validation error.")
        if method == "request.json":
            if body["amount"] < 10_000 or body.get("currency") != "IRR" or not body.get("callback_url"):
                return refused(-9, "The input params invalid, validation error.")
            authority = f"A{len(self.payments) + 1:035d}"
            self.payments[authority] = {**body, "is_paid": False, "is_verified": False}
            return done(
                {
                    "code": 100,
                    "message": "Success",
                    "authority": authority,
                    "fee_type": "Merchant",
                    "fee": 100,
                }
            )
        known = self.payments.get(body["authority"])
        if known is None:
            return refused(-54, "Invalid authority.")
        if known["amount"] != body["amount"]:
            return refused(-50, "Session is not valid, amounts values is not the same.")
        if not known["is_paid"]:
            return refused(-51, "Session is not valid, session is not active paid try.")
        code = 101 if known["is_verified"] else 100
        known["is_verified"] = True
        return done(
            {
                "code": code,
                "message": "Verified" if code == 101 else "Paid",
                "card_hash": "1EBE3EBEBE35C7EC0F8D6EE4F2F859107A87822CA179BC9528767EA7B5489B69",
                "card_pan": "502229******5995",
                "ref_id": 201,
                "fee_type": "Merchant",
                "fee": 0,
            }
        )


def done(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "200 OK", {"data": data, "errors": []}


def refused(code: int, message: str) -> tuple[str, dict[str, Any]]:
    return "200 OK", {"data": [], "errors": {"code": code, "message": message, "validations": []}}


@contextmanager
def zarinpal() -> Iterator[ZarinPalDouble]:
    """The server, on a free port of loopback."""
    double = ZarinPalDouble()
    server = WSGIServer(("127.0.0.1", 0), double.app, log=None)
    server.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.stop(timeout=1)
