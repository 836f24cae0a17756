"""Area codes and country codes that stand in a column of their own."""

from __future__ import annotations

import pytest

from engine.services.lists.choices import Choices
from tests.lists.test_kinds_of_lists import called, read

LOCALS = [f"3677665{n}" for n in range(6)]


def table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(",".join(cells) for cells in ([header, *rows] if header else rows))


@pytest.mark.parametrize("area", ["", "021"])
@pytest.mark.parametrize("name", ["کد شهر", "پیش شماره", "كد شهرستان", "کد", "Area Code", ""])
@pytest.mark.parametrize("form", ["0{}", "(0{})", "{}"])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
def test_area_codes_stand_before_local_numbers(
    name: str, form: str, order: tuple[int, ...], area: str
) -> None:
    areas = ["31", "51", "26"]
    rows = [["علی", form.format(areas[n % 3]), number] for n, number in enumerate(LOCALS)]
    if form == "{}" and name in ("", "کد"):
        return  # two digits under such a name may be anything
    text = table(["نام", name, "تلفن"], rows)
    text = "\n".join(",".join(line.split(",")[at] for at in order) for line in text.splitlines())
    found, facts = read(text, **({"area": area} if area else {}))
    assert called(found) == [f"+98{areas[n % 3]}{number}" for n, number in enumerate(LOCALS)]
    assert found[0].raw == LOCALS[0]
    assert any("stand before the numbers" in str(note) for note in facts.notes)


def test_without_a_header_and_under_one_name_for_both() -> None:
    rows = [["علی", "021", number] for number in LOCALS]
    expected = [f"+9821{number}" for number in LOCALS]
    assert called(read(table([], rows))[0]) == expected
    assert called(read(table(["نام", "تلفن", ""], rows))[0]) == expected


def test_whole_numbers_keep_their_own_code_and_a_missing_one_is_named() -> None:
    rows = [["021", number] for number in LOCALS[:4]]
    rows += [["021", "09121110000"], ["", "36776659"], ["99", "36776658"], ["021", "031-36776657"]]
    found, _ = read(table(["کد شهر", "تلفن"], rows))
    assert called(found)[4:] == ["+989121110000", "+983136776657"]
    assert [row.reason for row in found[5:7]] == ["no_area_code", "too_short"]


def test_the_first_digits_of_mobiles() -> None:
    found, _ = read(table(["پیش شماره", "شماره"], [["0912", f"111000{n}"] for n in range(5)]))
    assert called(found) == [f"+98912111000{n}" for n in range(5)]


def test_numbers_of_other_countries_are_none_of_iran() -> None:
    rows = [
        ["98", "9121110000"],
        ["+98", "2188776655"],
        ["1", "2125552671"],
        ["49", "3012345678"],
        ["44", "07911123456"],
    ]
    text = table(["country code", "phone"], rows)
    found, _ = read(text)
    assert called(found) == ["+989121110000", "+982188776655"]
    assert {row.reason for row in found[2:]} == {"abroad"}
    assert "+12125552671" in called(read(text, abroad=True)[0])


def test_two_numbers_in_a_cell_have_one_code() -> None:
    rows = [["031", number] for number in LOCALS[:4]] + [["031", "36776650/36776659"]]
    found, _ = read(table(["کد شهر", "تلفن"], rows), Choices(several="all"), area="021")
    assert called(found)[-1] == "+983136776659"


@pytest.mark.parametrize("codes", [["1", "2", "3"], ["21", "88", "5"], ["A1", "A2", "A3"]])
def test_other_codes_are_put_before_no_number(codes: list[str]) -> None:
    rows = [[codes[n % 3], number] for n, number in enumerate(LOCALS)]
    found, facts = read(table(["کد", "تلفن"], rows), area="021")
    assert called(found) == [f"+9821{number}" for number in LOCALS]
    assert facts.notes == []


def test_a_column_that_is_left_out_is_put_before_nothing() -> None:
    rows = [["031", number] for number in LOCALS]
    found, _ = read(table(["کد شهر", "تلفن"], rows), Choices(ignored="1"), area="021")
    assert called(found)[0].startswith("+9821")
