"""Whole pages are compressed for browsers that take it, with lengths that differ each time."""

from __future__ import annotations

import gzip

from tests.webui.conftest import Browser

TAKES = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_the_same_compressed_and_much_shorter(owner: Browser) -> None:
    plain = owner.get("/agreement")
    packed = owner.get("/agreement", headers=TAKES)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert gzip.decompress(packed.data).decode().count("<article") == plain.text.count("<article") > 3
    assert len(packed.data) < len(plain.data) / 2


def test_the_length_tells_little(owner: Browser) -> None:
    lengths = {len(owner.get("/agreement", headers=TAKES).data) for _time in range(12)}
    assert len(lengths) > 3


def test_fragments_files_and_those_who_do_not_take_it_are_left_alone(owner: Browser) -> None:
    for path, headers in (
        ("/live", {**TAKES, "HX-Request": "true"}),
        ("/do-not-call/export.csv", TAKES),
        ("/agreement", {"Accept-Encoding": "gzip;q=0"}),
        ("/agreement", {"Accept-Encoding": "identity"}),
    ):
        answer = owner.get(path, headers=headers)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def test_a_refused_form_comes_back_compressed_too(owner: Browser) -> None:
    answer = owner.post("/do-not-call/add", {"number": "12"}, headers=TAKES)
    assert answer.status_code == 400
    assert "12" in gzip.decompress(answer.data).decode()
