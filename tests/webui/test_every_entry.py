"""One list has one result, wherever it comes in: the wizard, «Add numbers», do-not-call, the web service."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.campaigns import list_imports
from engine.services.campaigns.recipients import at_once
from engine.services.lists.reader import ListReader, open_list
from engine.services.lists.rows import Row
from engine.services.messages import prompts
from engine.services.numbering.numbers import NumberRules
from engine.services.numbering.reasons import Reason
from engine.store.tables.core import Recipient, User
from engine.store.threads import read, write
from tests.lists.brought_lists import DRESSES, HEADER, KINDS, dressed
from tests.policies import ANYTHING
from tests.webui.programs import Program, token_of
from tests.webui.wizard import begin

Result = tuple[ListReader, list[Row]]


def result_of(data: bytes, *, allow_abroad: bool = False) -> Result:
    """What the reader says of a list; each of its lines has one result or is counted as left out."""
    with open_list(
        io.BytesIO(data), accepted=NumberRules(abroad=allow_abroad), filename="list.csv"
    ) as reader:
        rows = [row for chunk in reader for row in chunk]
    facts = reader.facts()
    assert len(rows) + sum(facts.left_out.values()) == facts.lines + facts.more
    return reader, rows


def reasons(rows: list[Row]) -> list[str | None]:
    return [None if row.reason is None else row.reason.value for row in rows]


class Entries:
    """The ways in; each gives the reasons line by line, or asserts what of them can be seen there."""

    def __init__(self, app, cast, owner) -> None:
        self.uploads = app.extensions["avanak"].uploads
        self.cast = cast
        self.owner = owner
        self.program = Program(app, token_of("owner", permissions="web_service own_voice any_hour"))
        self.message = write(lambda: prompts.add(cast.sahar, "Sale", "sale", 5_000, wall_ms()))
        self.all: list[Callable[[bytes], None]] = [
            self.wizard, self.add_numbers, self.contacts, self.recipients, self.objects,
            self.do_not_call,  # the last: what is on it is not called
        ]  # fmt: skip

    def _campaign(self) -> int:
        made = self.program.post("/campaigns", {"name": "Any", "message_id": self.message})
        return int(made.json["id"])

    def wizard(self, data: bytes) -> None:
        _, rows = result_of(data)
        answer = begin(self.owner, self.cast.sahar, data)
        base = re.sub(r"/(list|message|rules)$", "", answer.location)
        sentences = list(
            csv.reader(io.StringIO(self.owner.get(f"{base}/refused.csv").data.decode("utf-8-sig")))
        )
        refused = [row for row in rows if row.reason is not None]
        assert [(int(line), cell.strip("='\"")) for line, cell, *_ in sentences[1:]] == [
            (row.line, row.raw.strip("='\"")) for row in refused
        ]
        page = self.owner.get(f"{base}/list").text
        assert f"{len(rows) - len(refused)}" in page

    def add_numbers(self, data: bytes) -> None:
        _, rows = result_of(data)
        campaign = self._campaign()
        path = f"/campaigns/{campaign}/numbers"
        files = {"numbers": (io.BytesIO(data), "list.csv"), "contact_list": "0"}
        answer = self.owner.post(path, files, page=path)
        assert answer.status_code == 302, answer.text
        token = answer.location.rsplit("/", 1)[1]
        self.owner.get(answer.location)
        facts = self.owner.get(answer.location)
        assert facts.status_code == 200
        pending = self.uploads.read(token, read(self._owner_id), wall_ms())
        self.uploads.take(pending)
        made = write(lambda: list_imports.note(campaign, pending, wall_ms()))
        list_imports.run(
            made, self.uploads, "", ANYTHING, read=read, write=write, begin=at_once, clock=wall_ms
        )
        found = read(
            lambda: [
                (one.line, one.number, one.reason)
                for one in Recipient.select().where(Recipient.campaign_id == campaign).order_by(Recipient.id)
            ]
        )
        assert sorted(found) == sorted(
            (
                row.line,
                row.number.e164 if row.number is not None else row.raw,
                "" if row.reason is None else row.reason.value,
            )
            for row in rows
        )

    def _owner_id(self) -> int:
        return int(User.get(User.username == "owner").id)

    def do_not_call(self, data: bytes) -> None:
        _, rows = result_of(data, allow_abroad=True)
        before = self._listed()
        files = {"file": (io.BytesIO(data), "list.csv")}
        answer = self.owner.post("/do-not-call/import", files, page="/do-not-call")
        assert answer.status_code == 200, answer.text
        taken = {row.number.e164 for row in rows if row.number is not None and row.reason is None}
        assert self._listed() - before == taken - before
        for row in rows:
            if row.reason not in (None, Reason.DUPLICATE):
                assert f"line {row.line}:" in answer.text

    def _listed(self) -> set[str]:
        found = self.program.get("/do-not-call?limit=500").json["data"]
        return {one["number"] for one in found}

    def contacts(self, data: bytes) -> None:
        made = self.program.post("/contact-lists", {"name": "Any"}).json["id"]
        self._in_bulk(f"/contact-lists/{made}/contacts/bulk", data)

    def recipients(self, data: bytes) -> None:
        self._in_bulk(f"/campaigns/{self._campaign()}/recipients/bulk", data)

    def _in_bulk(self, path: str, data: bytes) -> None:
        _, rows = result_of(data)
        answer = self.program.post(
            f"{path}?number_column={HEADER[0]}", data=data, headers={"Content-Type": "text/csv"}
        )
        self._compare(answer, rows)

    def objects(self, data: bytes) -> None:
        _, rows = result_of(data)
        body = "\n".join(json.dumps({"number": row.raw}) for row in rows)
        path = f"/campaigns/{self._campaign()}/recipients/bulk"
        answer = self.program.post(path, data=body, headers={"Content-Type": "application/x-ndjson"})
        # Beside one number nothing tells that its column is one of mobiles.
        self._compare(answer, rows, without=Reason.MAY_BE_CODE)

    def _compare(self, answer, rows: list[Row], without: Reason | None = None) -> None:
        assert answer.status_code == 200, answer.text
        *lines, end = map(json.loads, answer.text.splitlines())
        assert "problem" not in end, end
        assert (end["lines"], end["added"] + end["refused"]) == (len(rows), len(rows))
        for line, row in zip(lines, rows, strict=True):
            if without is None or row.reason is not without:
                assert line.get("reason") == (None if row.reason is None else row.reason.value)
                assert line.get("number", "") == ("" if row.reason is None else row.raw)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_gives_each_line_the_same_result(app, cast, owner, kind: str) -> None:
    ways = Entries(app, cast, owner).all
    results = [tuple(reasons(result_of(dressed(kind, dress))[1])) for dress in range(len(DRESSES))]
    assert len(set(results)) == 1, "how a list is dressed changes nothing"
    first = list(KINDS).index(kind)  # another dress for each way in, and others in the next kind
    for place, way in enumerate(ways):
        way(dressed(kind, (first + place) % len(DRESSES)))


@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_every_entry_reads_a_workbook_as_it_is_shown(app, cast, owner, form: str) -> None:
    """Numbers with an area code in their format, and some that are crossed out."""
    data = (Path(__file__).parents[1] / "lists" / "data" / f"shown.{form}").read_bytes()
    rows = result_of(data)[1]
    assert reasons(rows) == [None] * 4 + ["foreign_form", "hidden", "hidden", None, None]
    ways = Entries(app, cast, owner)
    for way in (ways.wizard, ways.add_numbers, ways.do_not_call):
        way(data)
