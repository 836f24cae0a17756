"""`avanakctl hours …` and `sla reckon` as people and programs use them."""

import json

import pytest
from click.testing import CliRunner

from engine.commands.agreement import hours, sla
from engine.errors import BadInput


def run(group, *arguments, stdin=None):
    result = CliRunner().invoke(group, arguments, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def run_json(group, *arguments, stdin=None):
    return json.loads(run(group, *arguments, "--json", stdin=stdin))


def refused(group, *arguments, stdin=None):
    with pytest.raises(BadInput) as caught:
        CliRunner().invoke(group, arguments, input=stdin, catch_exceptions=False)
    return str(caught.value)


def test_deadline():
    answer = run_json(hours, "deadline", "1405-08-30T12:30", "4h")
    assert answer["deadline"] == "2026-11-21T17:15:00+03:30"
    assert answer["deadline_jalali"] == "1405-08-30 17:15"
    assert answer["calendar"] == "support"
    assert "stood still for 45 min" in answer["explanation"]
    assert "1405-08-30 17:15" in run(hours, "deadline", "2026-11-21T09:00:00Z", "4h")
    days = run_json(hours, "deadline", "1405-09-11T10:00", "3d")
    assert (days["calendar"], days["deadline_jalali"]) == ("working-days", "1405-09-15 10:00")
    same = run_json(hours, "deadline", "1405-09-11T10:00", "72h", "--calendar", "working-days")
    assert same["deadline"] == days["deadline"]


def test_pauses():
    pause = ("--pause", "1405-08-30T10:00/1405-08-30T12:00")
    assert (
        run_json(hours, "deadline", "1405-08-30T09:00", "2h", *pause)["deadline_jalali"] == "1405-08-30 13:00"
    )
    elapsed = run_json(hours, "elapsed", "1405-08-30T09:00", "1405-08-30T13:00", *pause)
    assert elapsed["elapsed_s"] == 7200
    assert "ends before it begins" in refused(
        hours, "elapsed", "1405-08-30", "1405-09-01", "--pause", "1405-08-30T12:00/1405-08-30T10:00"
    )
    assert "slash" in refused(hours, "deadline", "1405-08-30", "1h", "--pause", "noon")


def test_elapsed():
    answer = run_json(hours, "elapsed", "1405-08-30", "1405-09-01")
    assert (answer["elapsed_s"], answer["elapsed"]) == (14 * 3600 + 45 * 60, "14 h 45 min")
    assert run(hours, "elapsed", "1405-08-30", "1405-09-01", "--calendar", "working-days").startswith("1 d\n")
    assert "lies before the start" in refused(hours, "elapsed", "1405-09-01", "1405-08-30")


def test_show():
    answer = run_json(hours, "show", "1405-01-01")
    assert answer["date"] == "2026-03-21"
    assert answer["support"] == "10:00-14:00, 14:45-22:00"
    assert answer["is_working_day"] is False
    assert "Nowruz" in answer["holiday"]
    assert "official holiday" in run(hours, "show", "2026-03-21")
    assert "1405-12-30" in refused(hours, "show", "1405-12-30")


def test_edits_of_the_calendar(tmp_path):
    edits = tmp_path / "edits.json"
    record = {"author": "leila", "at": "2026-11-01T09:00:00+03:30", "reason": "snow"}
    edits.write_text(json.dumps([{"action": "half_day", "day": "1405-08-30", **record}]))
    answer = run_json(hours, "show", "1405-08-30", "--edits", str(edits))
    assert (answer["support"], answer["is_half_day"], answer["is_working_day"]) == ("08:30-14:00", True, True)
    edits.write_text("{")
    assert "--edits" in refused(hours, "show", "1405-08-30", "--edits", str(edits))
    edits.write_text("{}")
    assert "must be a JSON list" in refused(hours, "show", "1405-08-30", "--edits", str(edits))


def test_amounts_that_cannot_be_meant():
    assert "--calendar working-days" in refused(
        hours, "deadline", "1405-08-30", "3d", "--calendar", "support"
    )
    assert "the amount" in refused(hours, "deadline", "1405-08-30", "soon")
    assert "FROM" in refused(hours, "deadline", "yesterday", "4h")


DOCUMENT = {
    "month": "۱۴۰۵-۰۸",
    "outages": [
        {"from": "2026-11-01T10:00:00+03:30", "to": "2026-11-01T10:41:00+03:30", "id": 12, "reason": "disk"},
        {"from": "2026-11-10T05:30:00Z", "to": "2026-11-10T08:30:00Z"},
        {"from": "2026-12-10T05:30:00Z", "to": "2026-12-10T08:30:00Z"},
    ],
    "exclusions": [
        {
            "from": "2026-11-10T09:00:00+03:30",
            "to": "2026-11-10T11:00:00+03:30",
            "kind": "planned_maintenance",
            "announced_at": "2026-11-08T09:00:00+03:30",
        },
        {
            "from": "2026-11-01T09:00:00+03:30",
            "to": "2026-11-01T11:00:00+03:30",
            "kind": "announced_outage",
            "announced_at": "2026-10-31T09:00:00+03:30",
        },
    ],
}


def test_calculate_from_a_file_and_from_standard_input(tmp_path):
    file = tmp_path / "month.json"
    file.write_text("\ufeff" + json.dumps(DOCUMENT))
    answer = run_json(sla, "reckon", str(file))
    assert answer["counted_downtime_s"] == 41 * 60 + 3600
    assert answer["availability_percent"] == pytest.approx(100 - 100 * 6060 / 2_592_000)
    keys = ("discount_by_percent", "discount_by_minutes", "discount", "decided_by")
    assert [answer[key] for key in keys] == [0, 0, 0, "both"]
    assert [each["why"] for each in answer["exclusions"]] == ["announced_late", "accepted"]
    assert answer["outages"][0]["ref"] == "12"
    assert answer["outside_month"] == ["outages[2]"]
    assert run_json(sla, "reckon", "-", stdin=json.dumps(DOCUMENT)) == answer
    text = run(sla, "reckon", str(file))
    assert text.startswith(
        "availability 99.77 %, 101 minutes of 180 used; more than 79 more minutes cost 10 %\n"
    )
    assert "not accepted: exclusions[1] announced_outage: announced 24 h before it began" in text


def outage(**record):
    return {"month": "1405-08", "outages": [DOCUMENT["outages"][0], record]}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "is no JSON"),
        ('{"month": ' + "9" * 5000 + "}", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"month": "\\ud800"}', "half a character"),
        (outage(**{"from": "2026-11-01T10:00\n:00Z", "to": "x" * 999}), "outages[1].from: "),
        ("[]", "must be a JSON object"),
        ({}, "has no month"),
        ({"month": "1405-13"}, "months run from 01 to 12"),
        ({"month": 140508}, "is not a month"),
        ({"month": "1405-08", "exlusions": []}, "unknown key «exlusions»"),
        ({"month": "1405-08", "outages": {}}, "outages: must be a list"),
        ({"month": "1405-08", "outages": ["x"]}, "outages[0]: must be an object"),
        (outage(to="2026-11-01T10:00:00Z"), "outages[1]: has no «from»"),
        (outage(**{"from": "2026-11-01T10:00:00", "to": "2026-11-01T10:00:00Z"}), "outages[1].from: "),
        (
            outage(**{"from": "2026-11-01T10:00:00Z", "to": "2026-11-01T09:00:00Z"}),
            "outages[1]: ends at «2026-11-01T09:00:00Z», not after it begins",
        ),
        (
            {"month": "1405-08", "exclusions": [{**DOCUMENT["exclusions"][0], "kind": "weather"}]},
            "exclusions[0].kind: «weather» is none of planned_maintenance, announced_outage, customer_request",
        ),
        (
            {"month": "1405-08", "exclusions": [{**DOCUMENT["exclusions"][0], "announced_at": "1405-08-01"}]},
            "exclusions[0].announced_at: ",
        ),
        ({"month": "1405-08", "unknown": [{"from": "x", "to": "y"}]}, "unknown[0].from: "),
        ({"month": "1405-08", "terms": "99"}, "no version «99»"),
        ({"month": "1405-08", "until": "now"}, "until: "),
    ],
)
def test_a_document_that_cannot_be_understood_is_refused_in_one_sentence(document, says):
    text = document if isinstance(document, str) else json.dumps(document)
    message = refused(sla, "reckon", "-", stdin=text)
    assert says in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read(tmp_path):
    assert "No such file" in refused(sla, "reckon", str(tmp_path / "absent.json"))
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8" in refused(sla, "reckon", str(binary))
