"""The list of a new campaign in the web UI: columns, sheets, refused lines, and lists that take long."""

from __future__ import annotations

import io
import re
from threading import Event

import openpyxl
import pytest

from engine.store.tables.lists import CampaignDraft
from engine.store.threads import read
from tests.webui.wizard import (
    CODES,
    LIST,
    base_of,
    begin,
    importer,
    rule,
    settings,
    take_hello,
)
from webui.campaigns import list_checks

__all__ = ["importer", "settings"]  # fixtures


def test_a_list_whose_column_is_unclear_is_put_right_in_place(owner, cast) -> None:
    answer = begin(owner, cast.sahar, CODES, "codes.csv")
    page = owner.get(answer.location).text
    assert 'id="problem"' in page
    assert "1234567890" in page
    base = base_of(answer)
    roles = {"role_1": "ignore", "role_2": "number", "action": "next"}
    assert owner.post(f"{base}/list", roles, page=answer.location).location.endswith("/message")
    page = owner.get(f"{base}/list").text
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    none = {"role_1": "keep", "role_2": "keep", "action": "next"}
    told = owner.post(f"{base}/list", none, page=answer.location, follow_redirects=True).text
    assert "Choose one column that holds the numbers." in told


def test_a_column_without_mobiles_is_warned_of(owner, cast) -> None:
    data = "تلفن,موبایل\n02122334455,09121111111\n02122334456,09122222222\n".encode()
    answer = begin(owner, cast.sahar, data)
    base = base_of(answer)
    owner.post(f"{base}/list", {"role_1": "number", "role_2": "keep", "action": "read"}, page=answer.location)
    assert "has no mobiles, but" in owner.get(f"{base}/list").text


HIDDEN = [["نام", "شماره", "موبایل ۲"], ["a", "09120000021", "09120000031"], ["b", "09120000022", ""]]


def workbook(hidden_row: int) -> bytes:
    book = openpyxl.Workbook()
    for row in HIDDEN:
        book.active.append(row)
    book.active.row_dimensions[hidden_row].hidden = True
    book.create_sheet("دیگران").append(["09120000041"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_sheets_and_hidden_rows_are_chosen(owner, cast) -> None:
    answer = begin(owner, cast.sahar, workbook(3), "people.xlsx")
    base, page = base_of(answer), owner.get(answer.location).text
    assert "1 rows that are hidden, filtered out or crossed out were left out." in page
    assert "دیگران (1 rows)" in page
    roles = {"role_1": "name", "role_2": "number", "role_3": "then"}
    owner.post(f"{base}/list", {**roles, "hidden_rows": "include"}, page=answer.location)
    page = owner.get(answer.location).text
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    owner.post(f"{base}/list", {**roles, "sheet": "دیگران"}, page=answer.location)
    assert "09120000041" in owner.get(answer.location).text
    told = owner.post(f"{base}/list", {"sheet": "no such"}, page=answer.location, follow_redirects=True).text
    assert "has no sheet «no such»" in told


def test_the_refused_lines_are_a_file(owner, outsider, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    rows = owner.get(f"{base}/refused.csv").get_data(as_text=True).splitlines()
    assert rows[0].lstrip("\ufeff") == "line,as it is written,why it is not called,first in line"
    assert rows[1:] == [
        "3,0912 345 6789,The number is already in the list.,2",
        "5,abc,This is not a telephone number.,",
    ]
    assert owner.get(f"{base}/refused.xlsx").data.startswith(b"PK")
    assert outsider.get(f"{base}/refused.csv").status_code == 404


def test_a_list_that_takes_long_is_read_outside_the_request(owner, cast, monkeypatch) -> None:
    monkeypatch.setattr("webui.request.checks.PATIENCE_S", 0)
    path = begin(owner, cast.sahar).location
    base = base_of(owner.get(path)) if path.endswith("x") else path.removesuffix("/list")
    while "The list is being read" in (page := owner.get(path, follow_redirects=True).text):
        assert owner.get(base + "/reading").status_code == 200
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)


def test_the_check_page_waits_for_a_list_that_is_still_read(owner, cast, monkeypatch) -> None:
    ready, count = Event(), list_checks.count_list

    def held(*args, **named):
        ready.wait(30)
        return count(*args, **named)

    monkeypatch.setattr("webui.request.checks.PATIENCE_S", 0)
    monkeypatch.setattr(list_checks, "count_list", held)
    base = base_of(begin(owner, cast.sahar))
    take_hello(owner, base)
    assert rule(owner, base).location == base
    page = owner.get(base)
    assert (page.status_code, "The list is being read" in page.text) == (200, True)
    ready.set()
    while "The list is being read" in (page := owner.get(base)).text:
        owner.get(base + "/reading")
    assert 'id="at-most"' in page.text


def test_a_mistake_of_ours_is_told(owner, cast, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(list_checks, "count_list", broken)
    answer = begin(owner, cast.sahar)
    assert answer.status_code == 400
    assert "That is a fault of ours and was noted" in answer.text


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "", "Choose the list of numbers."),
        (b"\x89PNG....", "x.csv", "is a PNG picture"),
        (b"0" * 1_100_000, "list.csv", "larger than 1 MB"),
    ],
)
def test_what_is_no_list_is_said_beside_it(owner, cast, data: bytes, name: str, sentence: str) -> None:
    answer = begin(owner, cast.sahar, data, name)
    assert (answer.status_code, sentence in answer.text) == (400, True)
    assert read(lambda: CampaignDraft.select().count()) == 0


def test_an_upload_that_is_too_large_is_a_sentence(owner, cast) -> None:
    answer = owner.client.post("/campaigns/new", data={"numbers": (io.BytesIO(b"0" * 4_000_000), "x")})
    assert answer.status_code == 413
    assert "1 MB" in answer.text


def test_a_hostile_file_name_is_only_a_name(owner, cast, tmp_path) -> None:
    answer = begin(owner, cast.sahar, LIST, "../../<script>x</script>.csv")
    assert "<script>x" not in owner.get(answer.location).text
    assert not [path for path in tmp_path.rglob("*") if "script" in path.name]
