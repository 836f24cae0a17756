"""The versions of the agreement: every figure and every article as data.

A version is one JSON object.  The published versions are in ``versions/``; the store may have further ones that staff
wrote (`Terms.from_record`).  The version in force at the time of an event applies to it; a month is calculated by the
version in force when it began.

The first version has no date (``effective_from: null``), as the published text has none: it applies to all time before
the second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from engine.agreement.calendars import (
    WEEKDAY_KEYS,
    WHOLE_DAY,
    Calendar,
    CalendarKind,
    Holiday,
    HolidayEdit,
    Hours,
    build_calendar,
    parse_hours,
)
from engine.agreement.dates import parse_instant, quoted
from engine.errors import BadInput
from engine.sentences import Instant


class ExclusionKind(StrEnum):
    """Downtime that does not count, in the order of the agreement."""

    PLANNED_MAINTENANCE = "planned_maintenance"
    ANNOUNCED_OUTAGE = "announced_outage"
    CUSTOMER_REQUEST = "customer_request"
    RULE_VIOLATION = "rule_violation"
    UNPAID = "unpaid"
    OUTSIDE_CONTROL = "outside_control"


# The limits of a version and their meaning; a version must have all of them.
LIMITS = {
    "maintenance_notice_s": "planned maintenance is announced at least this long before",
    "outage_notice_s": "the notice of an outage is on the panel within",
    "fault_examined_s": "a minor fault is examined and the result told within",
    "fault_mended_working_days": "a minor fault of ours is mended within (working days)",
    "claim_window_s": "an outage is claimed at most this long after it happened",
    "claim_first_answer_working_days": "a claim is first answered by the end of the n-th next working day",
    "claim_result_s": "a claim's result is told within",
    "callback_offer_s": "a caller in the queue is offered a call-back after",
    "messages_a_minute": "voice messages a minute, at least",
    "quick_send_s": "a quick send is delivered in normal operation within, on average",
}


@dataclass(frozen=True, slots=True)
class Band:
    """One row of the discount table; None means no limit (the last row)."""

    min_percent: Fraction | None
    max_minutes: int | None
    discount: int  # percent of the next month's subscription


@dataclass(frozen=True, slots=True)
class CreditRule:
    """The part of a version that a calculation needs: the table and the notice periods.

    `bands` go from best to worst.  `notice_s` has the notice period (s) of each kind that must be announced.
    """

    terms_id: str
    terms_sha256: str
    bands: tuple[Band, ...]
    notice_s: Mapping[ExclusionKind, int]

    def record(self) -> dict[str, Any]:
        """The rule as canonical data, for evidence."""
        return {
            "id": self.terms_id,
            "sha256": self.terms_sha256,
            "bands": [_band_record(band) for band in self.bands],
            "notice_s": {kind.value: seconds for kind, seconds in sorted(self.notice_s.items())},
        }

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> CreditRule:
        """The rule that `record` wrote."""
        return CreditRule(
            terms_id=record["id"],
            terms_sha256=record["sha256"],
            bands=_bands(record["bands"], "terms.bands"),
            notice_s={ExclusionKind(kind): int(s) for kind, s in record["notice_s"].items()},
        )


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the text, in both languages."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the agreement."""

    id: str
    effective_from: int | None
    title: Mapping[str, str]
    credit: CreditRule
    uptime_percent: Fraction
    week: tuple[Hours, ...]
    holiday_hours: Hours
    working_days: frozenset[int]
    limits: Mapping[str, int]
    account_kinds: frozenset[ExclusionKind]
    articles: tuple[Article, ...]
    record: Mapping[str, Any] = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the whole version, figures and text."""
        return self.credit.terms_sha256

    def calendar(
        self,
        kind: CalendarKind | str,
        edits: Iterable[HolidayEdit] = (),
        base: Iterable[Holiday] | None = None,
    ) -> Calendar:
        """The support or working-days calendar of this version with staff's edits."""
        kind = CalendarKind(kind)
        if kind is CalendarKind.SUPPORT:
            return build_calendar(kind, self.week, self.holiday_hours, edits, base)
        week = tuple(WHOLE_DAY if day in self.working_days else () for day in range(7))
        return build_calendar(kind, week, (), edits, base)

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Terms:
        """A version from its JSON object.  Raises BadInput, with one sentence, if a figure is missing or impossible."""
        try:
            return _terms(record)
        except KeyError as error:
            raise BadInput(
                "agreement %(id)s: '%(key)s' is missing",
                id=str(record.get("id", "?")),
                key=str(error.args[0]),
            ) from None


def _terms(record: Mapping[str, Any]) -> Terms:
    name = f"agreement {record['id']}"
    content = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    hours = record["support_hours"]
    limits = {key: _whole(record["limits"][key], f"{name}: limits.{key}") for key in LIMITS}
    exclusions = record["exclusions"]
    unknown = set(exclusions) ^ {kind.value for kind in ExclusionKind}
    if unknown:
        raise BadInput(
            "%(name)s: exclusions must name each of the six kinds, see %(kinds)s",
            name=name,
            kinds=sorted(unknown),
        )
    effective = record["effective_from"]
    return Terms(
        id=str(record["id"]),
        effective_from=None if effective is None else parse_instant(effective, f"{name}: effective_from"),
        title=record["title"],
        credit=CreditRule(
            terms_id=str(record["id"]),
            terms_sha256=hashlib.sha256(content.encode()).hexdigest(),
            bands=_bands(record["bands"], f"{name}: bands"),
            notice_s={
                kind: limits["maintenance_notice_s"]
                for kind in ExclusionKind
                if exclusions[kind.value]["needs_notice"]
            },
        ),
        uptime_percent=Fraction(record["uptime_percent"]),
        week=tuple(parse_hours(hours[key], f"{name}: support_hours.{key}") for key in WEEKDAY_KEYS),
        holiday_hours=parse_hours(hours["holiday"], f"{name}: support_hours.holiday"),
        working_days=frozenset(WEEKDAY_KEYS.index(key) for key in record["working_days"]),
        limits=limits,
        account_kinds=frozenset(kind for kind in ExclusionKind if exclusions[kind.value]["one_account_only"]),
        articles=tuple(Article(a["id"], a["title"], a["text"]) for a in record["articles"]),
        record=record,
    )


def _whole(value: object, what: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise BadInput("%(what)s: '%(value)s' is not a whole number", what=what, value=value)


def _bands(records: Iterable[Mapping[str, Any]], what: str) -> tuple[Band, ...]:
    bands = []
    for record in records:
        percent, minutes = record["min_percent"], record["max_minutes"]
        bands.append(
            Band(
                None if percent is None else Fraction(percent),
                None if minutes is None else _whole(minutes, f"{what}.max_minutes"),
                _whole(record["discount"], f"{what}.discount"),
            )
        )
    for better, worse in pairwise(bands):
        if better.min_percent is None or better.max_minutes is None or better.discount >= worse.discount:
            raise BadInput("%(what)s: the rows must run from the best to the worst", what=what)
        if worse.min_percent is not None and worse.min_percent >= better.min_percent:
            raise BadInput("%(what)s: the percentages must decrease from row to row", what=what)
        if worse.max_minutes is not None and worse.max_minutes <= better.max_minutes:
            raise BadInput("%(what)s: the minutes must increase from row to row", what=what)
    if not bands or bands[-1].min_percent is not None or bands[-1].max_minutes is not None:
        raise BadInput(
            "%(what)s: the last row must have no limits (null), so that every case is covered", what=what
        )
    return tuple(bands)


def _band_record(band: Band) -> dict[str, Any]:
    percent = band.min_percent
    return {
        "min_percent": None if percent is None else percent_text(percent),
        "max_minutes": band.max_minutes,
        "discount": band.discount,
    }


def percent_text(percent: Fraction) -> str:
    """A limit of the table as it is written there: ``99.58``, ``99``."""
    text = f"{float(percent):.6f}".rstrip("0").rstrip(".")
    if Fraction(text) != percent:
        raise BadInput("the percent %(percent)s has more than six decimals", percent=percent)
    return text


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two versions: its path, the value before and after (None: absent)."""

    path: str
    before: Any
    after: Any


def diff(a: Terms, b: Terms) -> tuple[Difference, ...]:
    """The changes from `a` to `b`: figures, hours and articles, by path (``limits.claim_window_s``)."""
    before, after = dict(_flat("", _comparable(a.record))), dict(_flat("", _comparable(b.record)))
    paths = [*before, *(path for path in after if path not in before)]
    return tuple(
        Difference(path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    )


def _comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its articles by id, so that an inserted article does not shift all others."""
    articles = {each["id"]: {k: v for k, v in each.items() if k != "id"} for each in record["articles"]}
    return {**record, "articles": articles}


def _flat(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for index, inner in enumerate(value):
            yield from _flat(f"{path}[{index}]", inner)
    else:
        yield path, value


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions, earliest first."""

    terms: tuple[Terms, ...]

    @staticmethod
    def of(terms: Iterable[Terms]) -> Versions:
        """Sort versions by the date from which they apply.  Raises BadInput if two share a date or an id."""
        ordered = sorted(terms, key=lambda each: (each.effective_from is not None, each.effective_from or 0))
        for attribute in ("id", "effective_from"):
            values = [getattr(each, attribute) for each in ordered]
            if len(set(values)) != len(values):
                raise BadInput("two versions of the agreement have the same %(what)s", what=attribute)
        if not ordered:
            raise BadInput("there is no version of the agreement")
        return Versions(tuple(ordered))

    def in_force(self, at: int) -> Terms:
        """The version in force at an instant (s).  Raises BadInput before the date of the first one."""
        for each in reversed(self.terms):
            if each.effective_from is None or each.effective_from <= at:
                return each
        raise BadInput("no version of the agreement was in force at %(at)s", at=Instant(at * 1000))

    def by_id(self, terms_id: str) -> Terms:
        """The version with an id.  Raises BadInput if there is none."""
        for each in self.terms:
            if each.id == terms_id:
                return each
        raise BadInput("there is no version %(id)s of the agreement", id=quoted(terms_id))


@lru_cache(maxsize=1)
def published() -> Versions:
    """The versions that ship with the program (``engine/agreement/versions/*.json``)."""
    folder = resources.files("engine.agreement") / "versions"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return Versions.of(Terms.from_record(json.loads(f.read_text("utf-8"))) for f in files)


def in_force(at: int) -> Terms:
    """The published version in force at an instant."""
    return published().in_force(at)
