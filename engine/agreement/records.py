"""The input of a calculation: outages, exclusions, and our judgement of exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.agreement.dates import duration_text, duration_text_fa, iso_utc
from engine.agreement.terms import ExclusionKind

Account = int | str


@dataclass(frozen=True, slots=True)
class Outage:
    """The service was down in ``[start, end)``; `account` None means for everybody.

    `ref` is its name in evidence, `record_id` the id of its row in the store.
    """

    start: int
    end: int
    ref: str = ""
    account: Account | None = None
    record_id: int | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Downtime in ``[start, end)`` does not count; `account` None means for everybody.

    For the kinds that need notice, the span is the announced one and `announced_at` the time of the announcement
    (None: never announced).
    """

    start: int
    end: int
    kind: ExclusionKind
    announced_at: int | None = None
    ref: str = ""
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an exclusion is accepted; `why` is accepted, not_announced or announced_late."""

    accepted: bool
    why: str
    en: str
    fa: str


def judge(exclusion: Exclusion, notice_s: Mapping[ExclusionKind, int]) -> Judgement:
    """Check an exclusion against the notice periods of the version."""
    needed = notice_s.get(exclusion.kind)
    if needed is None:
        return Judgement(True, "accepted", "needs no announcement", "نیاز به اعلام قبلی ندارد")
    want, want_fa = duration_text(needed), duration_text_fa(needed)
    if exclusion.announced_at is None:
        return Judgement(
            False,
            "not_announced",
            f"never announced, {want} before it began were needed",
            f"اعلام نشده است؛ باید {want_fa} پیش از آغاز اعلام می‌شد",
        )
    notice = exclusion.start - exclusion.announced_at
    if notice >= needed:
        return Judgement(
            True,
            "accepted",
            f"announced {duration_text(notice)} before it began",
            f"{duration_text_fa(notice)} پیش از آغاز اعلام شده است",
        )
    given = f"{duration_text(notice)} before" if notice >= 0 else "only after"
    given_fa = f"{duration_text_fa(notice)} پیش از آغاز" if notice >= 0 else "تنها پس از آغاز"
    return Judgement(
        False,
        "announced_late",
        f"announced {given} it began, {want} were needed",
        f"{given_fa} اعلام شده است؛ {want_fa} لازم بود",
    )


Record = TypeVar("Record", Outage, Exclusion)


def touching(records: Iterable[Record], start: int, end: int) -> list[Record]:
    """The records that overlap ``[start, end)``."""
    touching_records = []
    for each in records:
        if each.end < each.start:
            raise ValueError(f"a record ends before it starts: {each}")
        if each.start < each.end and start < end and each.start < end and each.end > start:
            touching_records.append(each)
    return touching_records


def sorted_outages(outages: Iterable[Outage]) -> tuple[Outage, ...]:
    """The fixed order of outages in evidence."""
    return tuple(sorted(outages, key=lambda o: (o.start, o.end, o.ref, str(o.account or ""))))


def sorted_exclusions(exclusions: Iterable[Exclusion]) -> tuple[Exclusion, ...]:
    """The fixed order of exclusions in evidence."""
    return tuple(
        sorted(
            exclusions,
            key=lambda e: (e.start, e.end, e.kind, e.announced_at or 0, e.ref, str(e.account or "")),
        )
    )


def evidence_record(each: Outage | Exclusion) -> dict[str, Any]:
    """A record in the form of the evidence."""
    record: dict[str, Any] = {"from": iso_utc(each.start), "to": iso_utc(each.end)}
    if each.ref:
        record["ref"] = each.ref
    if each.account is not None:
        record["account"] = each.account
    if isinstance(each, Exclusion):
        record["kind"] = each.kind.value
        record["announced_at"] = None if each.announced_at is None else iso_utc(each.announced_at)
    return record
