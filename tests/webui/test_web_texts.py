"""Texts on pages, and their reports as a provider by HTTP posts them."""

from __future__ import annotations

import pytest

from engine.services.outbox.text_receipts import FINAL
from webui.campaigns import text_posts


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"id": 1}', b'{"id": "x", "state": "delivered"}',
                                  b'{"id": -1, "state": "delivered"}', b'{"state": "delivered"}',
                                  b'{"id": ' + b"9" * 30 + b', "state": "delivered"}'])  # fmt: skip
def test_what_is_no_report(body: bytes) -> None:
    with pytest.raises(text_posts.BadInput):
        text_posts._reports(body)


def test_reports() -> None:
    assert text_posts._reports(b'{"id": "4", "state": "Delivered"}') == [(4, "delivered")]
    assert text_posts._reports(b'[{"id": 4, "state": "accepted"}, {"id": 5, "state": "expired"}]') == [
        (5, "expired")
    ]
    assert set(FINAL) >= {"delivered", "rejected"}
