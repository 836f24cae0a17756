"""The same month for thousands of accounts: the common part is calculated once.

All accounts without records of their own share one `Calculation` (the same object, evidence and hash).  An account with
records of its own needs only the work for these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from engine.agreement.calculation import Calculation, accepted_spans, calculate
from engine.agreement.intervals import Span, clip, merge, subtract, union
from engine.agreement.months import Month
from engine.agreement.records import (
    Account,
    Exclusion,
    Outage,
    sorted_exclusions,
    sorted_outages,
    touching,
)
from engine.agreement.terms import Terms
from engine.errors import BadInput
from engine.sentences import Instant


class MonthBook:
    """All records of one month; `calculate(account)` gives the calculation of one account.

    Records with `account` None concern everybody, others only that account.  `terms` is the version in force when
    the month began.  Raises BadInput if an exclusion of a kind that concerns one customer has no account.
    """

    def __init__(
        self,
        month: Month,
        outages: Iterable[Outage],
        exclusions: Iterable[Exclusion],
        terms: Terms,
        unknown: Iterable[Span] = (),
        until: int | None = None,
    ) -> None:
        self.month = month
        self._outages: dict[Account, list[Outage]] = defaultdict(list)
        self._exclusions: dict[Account, list[Exclusion]] = defaultdict(list)
        for_all_outages: list[Outage] = []
        for_all_exclusions: list[Exclusion] = []
        for outage in touching(outages, month.start, month.end if until is None else min(until, month.end)):
            (for_all_outages if outage.account is None else self._outages[outage.account]).append(outage)
        for each in touching(exclusions, month.start, month.end):
            if each.account is not None:
                self._exclusions[each.account].append(each)
            elif each.kind in terms.account_kinds:
                raise BadInput(
                    "the exclusion from %(at)s is of the kind %(kind)s, which concerns one account, but names none",
                    at=Instant(each.start * 1000),
                    kind=each.kind,
                )
            else:
                for_all_exclusions.append(each)
        self.common = calculate(month, for_all_outages, for_all_exclusions, terms, unknown, until)

    @property
    def accounts_with_own_records(self) -> frozenset[Account]:
        """The accounts whose calculation differs from `common`."""
        return frozenset(self._outages) | frozenset(self._exclusions)

    def calculate(self, account: Account) -> Calculation:
        """The month of one account; equal to `calculate()` with the records of that account and of everybody."""
        outages = self._outages.get(account, [])
        exclusions = self._exclusions.get(account, [])
        if not outages and not exclusions:
            return self.common
        common, month = self.common, self.month
        end = month.end if common.until is None else min(common.until, month.end)
        more_down = clip(merge((each.start, each.end) for each in outages), month.start, end)
        more_excluded = accepted_spans(exclusions, common.rule, month)
        counted = subtract(
            union(common.counted, subtract(more_down, common.excluded)),
            more_excluded,
        )
        return replace(
            common,
            outages=sorted_outages([*common.outages, *outages]) if outages else common.outages,
            exclusions=sorted_exclusions([*common.exclusions, *exclusions]),
            down=union(common.down, more_down),
            excluded=union(common.excluded, more_excluded),
            counted=counted,
        )
