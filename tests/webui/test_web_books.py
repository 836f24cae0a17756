"""What the auditor found, as the staff see it."""

from __future__ import annotations

from engine.clock import wall_ms
from engine.services.outbox.wording import bilingual, in_persian
from engine.store.findings import Finding, note_findings
from engine.store.threads import write
from webui.i18n import finding_words


def test_findings_are_listed_and_the_open_ones_are_warned_of(operator, owner, cast) -> None:
    assert 'href="/audit-findings"' not in operator.get("/").text.split("<main", 1)[1]
    held = Finding("money_held", "campaign 7", "Campaign 7: it is said to hold 5, its entries are 4.", False)
    seats = Finding("seats", "gateway tci", "gateway tci had 3 seats taken for 2 calls; corrected.", True)
    write(lambda: note_findings([held, seats], wall_ms()))
    for language in ("en", "fa"):
        operator.post("/language", {"language": language})
        page = operator.get("/audit-findings").text
        for finding in (held, seats):
            assert bilingual(finding_words.describe(finding.kind))[language] in page
            assert finding.sentence in page
    assert "کارزار ۷" in page
    assert 'id="alarm-doubts"' in operator.get("/").text
    assert 'id="alarm-doubts"' not in owner.get("/").text
    assert owner.get("/audit-findings").status_code == 403


def test_every_kind_of_finding_has_words_in_both_languages() -> None:
    for kind in (
        "counts",
        "seats",
        "run",
        "call_gone",
        "channel_after_end",
        "switch_unserved",
        "money_price",
    ):
        english, persian = str(finding_words.describe(kind)), in_persian(finding_words.describe(kind))
        assert english.endswith(".")
        assert persian.endswith(".")
        assert english != persian
