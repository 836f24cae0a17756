"""A month as a document: what is asked, what is answered, what is refused and where."""

import copy
import json

import pytest

from engine.agreement import documents
from engine.agreement.documents import calculate_document, parse_document
from engine.errors import BadInput

BEGIN, END = "2026-10-23T00:00:00+03:30", "2026-11-22T00:00:00+03:30"  # 1405-08
DOCUMENT = {
    "month": "1405-08",
    "outages": [
        {"from": "2026-10-25T09:00:00+03:30", "to": "2026-10-25T12:00:00+03:30", "id": "o-1"},
        {"from": "2026-10-26T09:00:00+03:30", "to": "2026-10-26T10:00:00+03:30"},
    ],
    "exclusions": [
        {
            "from": "2026-10-25T09:00:00+03:30",
            "to": "2026-10-25T11:00:00+03:30",
            "kind": "planned_maintenance",
            "announced_at": "2026-10-23T09:00:00+03:30",
        },
        {
            "from": "2026-10-26T09:00:00+03:30",
            "to": "2026-10-26T10:00:00+03:30",
            "kind": "planned_maintenance",
        },
    ],
    "unknown": [{"from": "2026-10-27T00:00:00+03:30", "to": "2026-10-27T00:01:00+03:30"}],
    "terms": "1",
}


def document(**changes):
    return {**copy.deepcopy(DOCUMENT), **changes}


def test_the_figures_of_a_month():
    answer = calculate_document(document())
    assert (answer["month"], answer["from"], answer["to"], answer["until"]) == ("1405-08", BEGIN, END, None)
    assert (answer["month_s"], answer["terms"]) == (30 * 86_400, "1")
    assert (answer["downtime_s"], answer["excluded_downtime_s"]) == (4 * 3600, 2 * 3600)
    assert (answer["counted_downtime_s"], answer["counted_downtime_minutes"]) == (2 * 3600, 120)
    assert (answer["unknown_s"], answer["is_settled"]) == (60, False)
    assert answer["if_unknown_was_down"]["counted_downtime_s"] == 2 * 3600 + 60
    assert answer["availability_exact"] == "1795/18"
    assert answer["unknown"] == DOCUMENT["unknown"]
    assert [each["ref"] for each in answer["outages"]] == ["o-1", "outages[1]"]
    first = answer["outages"][0]
    assert (first["from"], first["to"]) == (DOCUMENT["outages"][0]["from"], DOCUMENT["outages"][0]["to"])
    assert (first["counted_s"], first["excluded_s"]) == (3600, 7200)
    assert first["counted"] == [{"from": "2026-10-25T11:00:00+03:30", "to": "2026-10-25T12:00:00+03:30"}]
    took, refused = answer["exclusions"]
    assert (took["ref"], took["accepted"], took["why"], took["downtime_in_it_s"]) == (
        "exclusions[0]",
        True,
        "accepted",
        7200,
    )
    assert (refused["accepted"], refused["why"], refused["downtime_in_it_s"]) == (
        False,
        "not_announced",
        3600,
    )
    assert (took["from"], took["to"]) == (DOCUMENT["exclusions"][0]["from"], DOCUMENT["exclusions"][0]["to"])
    assert answer["outside_month"] == []


def test_a_month_without_anything():
    answer = calculate_document({"month": "1405-08", "outages": None})
    assert (answer["downtime_s"], answer["unknown_s"], answer["is_settled"]) == (0, 0, True)
    assert (answer["outages"], answer["exclusions"], answer["unknown"]) == ([], [], [])


def test_a_month_that_still_runs_is_calculated_to_what_was_seen():
    answer = calculate_document(document(until="2026-10-26T09:30:00+03:30", exclusions=[], unknown=[]))
    assert answer["until"] == "2026-10-26T09:30:00+03:30"
    assert answer["downtime_s"] == 3 * 3600 + 1800


@pytest.mark.parametrize(
    ("begin", "end", "is_outside"),
    [
        ("2026-10-22T23:00:00+03:30", BEGIN, True),  # ends when the month begins
        ("2026-10-22T23:00:00+03:30", "2026-10-23T00:00:01+03:30", False),
        ("2026-11-21T23:59:59+03:30", "2026-11-23T00:00:00+03:30", False),
        (END, "2026-11-23T00:00:00+03:30", True),  # begins when it ends
        ("2026-10-01T00:00:00+03:30", "2026-12-01T00:00:00+03:30", False),
    ],
)
def test_records_outside_of_the_month_are_named(begin, end, is_outside):
    record = {"from": begin, "to": end, "id": 7}
    answer = calculate_document(document(outages=[record], exclusions=[], unknown=[]))
    assert answer["outside_month"] == (["7"] if is_outside else [])


def outage(**changes):
    return {"outages": [{"from": BEGIN, "to": END, **changes}]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"months": 1}, "unknown key «months»"),
        ({"month": "1405-13"}, "months run from"),
        ({"terms": "9"}, "no version «9»"),
        ({"outages": {}}, "outages: must be a list, not dict"),
        ({"outages": ["x"]}, r"outages\[0\]: must be an object"),
        (outage(to=None), r"outages\[0\]: has no «to»"),
        ({"outages": [{"to": END}]}, r"outages\[0\]: has no «from»"),
        (outage(to=BEGIN), r"outages\[0\]: ends at .* not after it begins"),
        (outage(to="2026-10-22T00:00:00+03:30"), r"outages\[0\]: ends at"),
        (outage(to="2026-11-22"), r"outages\[0\]\.to: .* no offset"),
        ({"exclusions": [{"from": BEGIN, "to": END, "kind": "rain"}]}, r"exclusions\[0\]\.kind: «rain»"),
        (
            {"exclusions": [{"from": BEGIN, "to": END, "kind": "unpaid", "announced_at": "x"}]},
            r"exclusions\[0\]\.announced_at",
        ),
        ({"unknown": [{"from": BEGIN}]}, r"unknown\[0\]: has no «to»"),
        ({"until": "x"}, "until: "),
    ],
)
def test_what_cannot_be_calculated_is_refused_with_its_place(changes, says):
    with pytest.raises(BadInput, match=says):
        calculate_document(document(**changes))
    with pytest.raises(BadInput, match="has no month"):
        calculate_document({"outages": []})


def test_a_list_has_an_end(monkeypatch):
    assert documents.MAX_RECORDS == 200_000
    monkeypatch.setattr(documents, "MAX_RECORDS", 2)
    calculate_document(document())
    three = DOCUMENT["outages"] + DOCUMENT["outages"][:1]
    with pytest.raises(BadInput, match="outages: has 3 records, more than 2"):
        calculate_document(document(outages=three))


@pytest.mark.parametrize(
    "text", ['{"month": "1405-08"}', b'\xef\xbb\xbf{"month": "1405-08"}', '{"month": "آبان"}']
)
def test_documents_that_can_be_read(text):
    assert set(parse_document(text)) == {"month"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xff", "not UTF-8: byte 0"),
        ("{", "no JSON"),
        ("[]", "must be a JSON object"),
        ('{"month": "\\ud800"}', "half a character"),
        ("[" * 100_000, "nested too deeply|no JSON"),
    ],
)
def test_documents_that_cannot_be_read(text, says):
    with pytest.raises(BadInput, match=says):
        parse_document(text)


def test_an_answer_is_plain_data():
    answer = calculate_document(document())
    assert json.loads(json.dumps(answer)) == answer
    assert len(answer["evidence_sha256"]) == 64
