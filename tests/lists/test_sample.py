"""The sample that scripts/run sends: made by scripts/make_sample.py, and read as promised."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

from engine.services.lists.reader import open_list
from engine.services.messages.audio import load_prompt
from engine.services.numbering.provinces import PROVINCES
from engine.services.numbering.reasons import Reason

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SAMPLE = SCRIPTS / "sample"


def test_the_list_is_what_the_script_makes():
    made = runpy.run_path(str(SCRIPTS / "make_sample.py"))["recipients"]()
    assert made == (SAMPLE / "recipients.csv").read_bytes().decode("utf-8")
    assert made.count("\n") == 1_200


def test_the_list_has_every_sort_of_number():
    with open_list(SAMPLE / "recipients.csv") as reader:
        rows = [row for chunk in reader for row in chunk]
    assert (reader.number_column, reader.variable_columns) == ("شماره تلفن", ["نام", "شهر", "مبلغ"])
    assert len(rows) == 1_199
    # What a list alone cannot say is found out when it is brought in.
    later = {Reason.DO_NOT_CALL, Reason.DESTINATION_CLOSED, Reason.NO_MESSAGE}
    of_other_lists = {
        Reason.DATE,
        Reason.HIDDEN,
        Reason.MAY_BE_CODE,
        Reason.EXTENSION,
        Reason.ENDINGS,
        Reason.BESIDE_WORDS,
        Reason.FOREIGN_FORM,
        Reason.FILLER,
        Reason.FOOTER,
    }
    counts = Counter(row.reason for row in rows)
    assert set(counts) == {None, *Reason} - later - of_other_lists
    assert counts[None] > 1_000
    assert counts[Reason.DUPLICATE] == 80
    assert {row.number.area for row in rows if row.number} == {None, *PROVINCES}
    assert all(row.cells[0] for row in rows)


def test_the_message_is_a_few_seconds():
    prompt = load_prompt(SAMPLE / "message.wav")
    assert 4_000 <= prompt.duration_ms <= 6_000
    assert prompt.level_dbfs > -20
