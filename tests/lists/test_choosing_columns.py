"""Looking into a list before its columns are chosen, and what is kept of the columns beside the numbers."""

from __future__ import annotations

import io

from engine.services.lists.choices import Choices, choices_of
from engine.services.lists.counting import ListCount
from engine.services.lists.reader import look_into, open_list

CODES = "کد ملی,کد پستی\n1234567890,3456789012\n2345678901,4567890123\n"
PEOPLE = "09121234567,علی,تهران\n09121234568,سارا,قم\n"


def test_a_list_of_codes_can_be_looked_into() -> None:
    facts = look_into(io.BytesIO(CODES.encode()), filename="codes.csv")
    assert (facts.columns, facts.names) == ([], ["کد ملی", "کد پستی"])
    assert facts.rows == [["1234567890", "3456789012"], ["2345678901", "4567890123"]]
    assert (facts.form, facts.encoding, facts.header_line) == ("text", "utf-8-sig", 1)


def test_ten_rows_are_shown_at_most() -> None:
    text = "number\n" + "\n".join(f"0912{n:07d}" for n in range(30))
    assert len(look_into(io.BytesIO(text.encode()), filename="a.csv").rows) == 10


def test_the_name_comes_first_and_what_is_ignored_is_not_kept() -> None:
    chosen = Choices(columns="1", name_column=3, ignored="2")
    assert choices_of(chosen.kept()) == chosen
    with open_list(io.BytesIO(PEOPLE.encode()), chosen, filename="a.csv") as reader:
        found = ListCount(reader.filename, reader.number_column)
        for chunk in reader:
            found.add(chunk)
        found.conclude(reader)
    assert (found.valid, found.columns) == (2, ["name"])  # without a header it gets a name
    assert found.facts.rows[0] == ["09121234567", "علی", "تهران"]


def test_without_choices_all_columns_are_kept() -> None:
    with open_list(io.BytesIO(PEOPLE.encode()), filename="a.csv") as reader:
        assert reader.kept_columns == ["column_2", "column_3"]
