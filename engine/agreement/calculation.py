"""A month's availability: from outages and exclusions to the discount.

The rules of the agreement as this project reads them: downtime is counted to the second, each column of the table is
evaluated separately, and the customer gets the higher discount of the two.  An exclusion removes the downtime inside
its own span, once, even where exclusions overlap.  Planned maintenance and announced outages count as exclusions only
if they were announced in time (the version's 48 hours before their start).  Downtime before or after such a span counts.

There are three kinds of time: *down* is covered by an outage, *unknown* by an unknown span (the monitor was off) and no
outage, everything else is *up*.  Unknown time is part of no other figure: `as_known` uses only the known downtime,
`if_unknown_was_down` is the upper bound, and a month with unknown time is not `is_settled`.

Instants are seconds UTC; spans half-open.  Everything is a value: the same
records in any order give the same `evidence()` bytes and the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from engine.agreement.dates import duration_text, duration_text_fa, iso_utc, parse_instant, persian_digits
from engine.agreement.intervals import Span, Spans, clip, intersect, merge, subtract, total
from engine.agreement.months import Month
from engine.agreement.records import (
    Exclusion,
    Judgement,
    Outage,
    evidence_record,
    judge,
    sorted_exclusions,
    sorted_outages,
    touching,
)
from engine.agreement.terms import CreditRule, ExclusionKind, Terms
from engine.agreement.verdicts import Limits, Verdict, limits_of, verdict
from engine.errors import BadInput

EVIDENCE_FORMAT = "avanak-reckoning-1"


@dataclass(frozen=True, slots=True)
class OutageLine:
    """The part of an outage in the month: what of it counts and what does not."""

    outage: Outage
    span: Span
    counted: Spans
    excluded: Spans


@dataclass(frozen=True, slots=True)
class ExclusionLine:
    """The part of an exclusion in the month: the downtime that it removes, or would have removed."""

    exclusion: Exclusion
    judgement: Judgement
    span: Span
    downtime: Spans


@dataclass(frozen=True)
class Calculation:
    """The result for one month; made by `calculate` or by a `MonthBook`.

    `outages`, `exclusions`, `unknown` contain only what touches the month, in a fixed order; `down`, `excluded` and
    `counted` are sets clipped to the month.  `until` is the end of the time that was observed, in a month that has not
    ended.
    """

    month: Month
    rule: CreditRule
    until: int | None
    outages: tuple[Outage, ...]
    exclusions: tuple[Exclusion, ...]
    unknown_spans: Spans
    down: Spans
    excluded: Spans
    counted: Spans
    limits: tuple[Limits, ...] = field(repr=False)

    @cached_property
    def as_known(self) -> Verdict:
        """The verdict for the known downtime: the month's figure."""
        return verdict(total(self.counted), self.month.seconds, self.limits)

    @cached_property
    def if_unknown_was_down(self) -> Verdict:
        """The verdict as if all unknown time outside the exclusions had been downtime."""
        doubtful = total(subtract(self.unknown, self.excluded))
        return verdict(self.as_known.down_s + doubtful, self.month.seconds, self.limits)

    @cached_property
    def unknown(self) -> Spans:
        """The time that is known neither as up nor as down."""
        return subtract(self.unknown_spans, self.down)

    @property
    def is_settled(self) -> bool:
        """Whether no unknown time is left for staff to resolve."""
        return not self.unknown

    @property
    def discount(self) -> int:
        """The discount in percent."""
        return self.as_known.discount

    def outage_lines(self) -> tuple[OutageLine, ...]:
        """Each outage with the parts of it that count and that do not."""
        lines = []
        for outage in self.outages:
            span = (max(outage.start, self.month.start), min(outage.end, self._seen_until))
            own: Spans = (span,)
            lines.append(
                OutageLine(outage, span, subtract(own, self.excluded), intersect(own, self.excluded))
            )
        return tuple(lines)

    def exclusion_lines(self) -> tuple[ExclusionLine, ...]:
        """Each exclusion with our judgement and the downtime inside it."""
        lines = []
        for each in self.exclusions:
            span = (max(each.start, self.month.start), min(each.end, self.month.end))
            lines.append(
                ExclusionLine(each, judge(each, self.rule.notice_s), span, intersect((span,), self.down))
            )
        return tuple(lines)

    @property
    def _seen_until(self) -> int:
        return self.month.end if self.until is None else min(self.until, self.month.end)

    def sentence(self) -> tuple[str, str]:
        """(English, Persian): «availability 99.91 %, 41 minutes of 180 used; …»

        The limit is the nearer one of the two columns in whole minutes; in a
        month of 29 days that is the percent's 175 minutes.
        """
        known = self.as_known
        english = f"availability {known.percent_shown} %"
        persian = f"دسترسی {persian_digits(known.percent_shown.replace('.', '٫'))}٪"
        if known.allowed_s is None or known.next_discount is None:
            english += (
                f", {known.minutes} minutes of downtime; the highest discount, {known.discount} %, is reached"
            )
            persian += (
                f"، {persian_digits(known.minutes)} دقیقه قطعی؛ بیشترین تخفیف،"
                f" {persian_digits(known.discount)}٪، به دست آمده است"
            )
        else:
            left = (known.allowed_s - known.down_s) // 60
            english += (
                f", {known.minutes} minutes of {known.allowed_s // 60} used;"
                f" more than {left} more minutes cost {known.next_discount} %"
            )
            persian += (
                f"، {persian_digits(known.minutes)} دقیقه از {persian_digits(known.allowed_s // 60)}"
                f" دقیقه مصرف شده است؛ بیش از {persian_digits(left)} دقیقه دیگر"
                f" {persian_digits(known.next_discount)}٪ تخفیف می‌آورد"
            )
        if not self.is_settled:
            unknown_s = total(self.unknown)
            english += f"; {duration_text(unknown_s)} are unknown"
            persian += f"؛ {duration_text_fa(unknown_s)} نامعلوم است"
        return english, persian

    @cached_property
    def _evidence(self) -> bytes:
        known = self.as_known
        content = {
            "format": EVIDENCE_FORMAT,
            "month": self.month.key,
            "from": iso_utc(self.month.start),
            "to": iso_utc(self.month.end),
            "until": None if self.until is None else iso_utc(self.until),
            "terms": self.rule.record(),
            "outages": [evidence_record(each) for each in self.outages],
            "exclusions": [
                {**evidence_record(each), "judgement": judge(each, self.rule.notice_s).why}
                for each in self.exclusions
            ],
            "unknown": [[iso_utc(start), iso_utc(end)] for start, end in self.unknown_spans],
            "result": {
                "month_s": self.month.seconds,
                "downtime_s": total(self.down),
                "excluded_s": total(self.down) - known.down_s,
                "counted_downtime_s": known.down_s,
                "unknown_s": total(self.unknown),
                "availability": f"{known.availability.numerator}/{known.availability.denominator}",
                "discount_by_percent": known.discount_by_percent,
                "discount_by_minutes": known.discount_by_minutes,
                "discount": known.discount,
                "decided_by": known.decided_by,
            },
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def evidence(self) -> bytes:
        """Canonical JSON of the figure and of everything from which it was computed."""
        return self._evidence

    @cached_property
    def evidence_sha256(self) -> str:
        """Hash of `evidence()`."""
        return hashlib.sha256(self._evidence).hexdigest()


def calculate(
    month: Month,
    outages: Iterable[Outage],
    exclusions: Iterable[Exclusion],
    terms: Terms | CreditRule,
    unknown: Iterable[Span] = (),
    until: int | None = None,
) -> Calculation:
    """Calculate one month for one account; all records given must concern it.

    Records may overlap, repeat, reach beyond the month or be empty.  `until` cuts off outages and unknown time at the
    present, in a month that has not ended.  Raises ValueError for a record that ends before it starts.
    """
    rule = terms.credit if isinstance(terms, Terms) else terms
    end = month.end if until is None else max(month.start, min(until, month.end))
    outages = sorted_outages(touching(outages, month.start, end))
    exclusions = sorted_exclusions(touching(exclusions, month.start, month.end))
    down = clip(merge((each.start, each.end) for each in outages), month.start, end)
    excluded = accepted_spans(exclusions, rule, month)
    return Calculation(
        month=month,
        rule=rule,
        until=until,
        outages=outages,
        exclusions=exclusions,
        unknown_spans=clip(merge(unknown), month.start, end),
        down=down,
        excluded=excluded,
        counted=subtract(down, excluded),
        limits=limits_of(rule, month.seconds),
    )


def accepted_spans(exclusions: Iterable[Exclusion], rule: CreditRule, month: Month) -> Spans:
    """The set that the accepted exclusions cover in the month."""
    accepted = (each for each in exclusions if judge(each, rule.notice_s).accepted)
    return clip(merge((each.start, each.end) for each in accepted), month.start, month.end)


def from_evidence(evidence: bytes | str) -> Calculation:
    """Calculate again from stored evidence only.  Raises BadInput if the result is not byte for byte the same."""
    content = json.loads(evidence)
    if content.get("format") != EVIDENCE_FORMAT:
        raise BadInput("this is not evidence in the form %(form)s", form=EVIDENCE_FORMAT)

    def at(text: str) -> int:
        return parse_instant(text, "evidence")

    again = calculate(
        Month.parse(content["month"]),
        [Outage(at(o["from"]), at(o["to"]), o.get("ref", ""), o.get("account")) for o in content["outages"]],
        [
            Exclusion(
                at(e["from"]),
                at(e["to"]),
                ExclusionKind(e["kind"]),
                at(e["announced_at"]) if e["announced_at"] else None,
                e.get("ref", ""),
                e.get("account"),
            )
            for e in content["exclusions"]
        ],
        CreditRule.from_record(content["terms"]),
        [(at(start), at(end)) for start, end in content["unknown"]],
        at(content["until"]) if content["until"] else None,
    )
    if again.evidence() != (evidence.encode() if isinstance(evidence, str) else evidence):
        raise BadInput(
            "the evidence of %(month)s does not give the same result when calculated again",
            month=content["month"],
        )
    return again
