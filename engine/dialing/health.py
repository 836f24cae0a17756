"""The health of a gateway: slowed down when congested, not used when dead, probed until it is back.  Pure.

Only the first fault of each number counts: a number that fails again says nothing new.  A campaign or a destination that
fails while the trunk serves others does not count either (`engine.dialing.routes` deals with it).  Congestion halves the
rate, good ends let it climb again.  A trunk on which everything fails, or that rejects our
account, is not used and is tried with single calls; a trunk that gives no answer at all gets no further call until
something is heard from it.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum

from engine.dialing.tallies import Streak, Window

ENOUGH = 8  # calls in the window below which nothing is concluded
ALONE = 3  # calls of a campaign, or to a destination, from which on it can fail alone
CONGESTED = 0.25  # share of faults that halves the rate
GOOD = 0.10  # share below which the rate climbs
DEAD = 0.85  # share of faults since the first one that opens the breaker,
DEAD_STREAK = 18  # if there are so many (when half of the calls fail, ten faults in a row are common)
REFUSED_STREAK = 3  # refusals of our account, on a trunk that worked a minute ago; on others one is enough
NO_CODEC_STREAK = 4  # calls that found no codec in common
FORBIDDEN_STREAK = 4  # 403s in a row; a single one may be about the number
WELL_S = 60.0
HALVE_EVERY_S = 2.0
CLIMB_A_SECOND = 0.08  # of the full rate
FLOOR = 0.05
REOPENED = 0.25  # share of its rate that a trunk gets when it is back
OPEN_FIRST_S = 4.0
OPEN_MOST_S = 7.0
REFUSED_FIRST_S = 30.0
REFUSED_MOST_S = 600.0
PROBES = 3  # simultaneous calls while it is probed
GOOD_PROBES = 2  # that close it again
PROBE_PATIENCE_S = 15.0  # a probe without any answer must not keep the gateway shut
QUIET_CALLS = 15  # calls without any sign from it (or a second's worth of calls): then it gets no more
DOUBT = 3  # after a third of these it is asked whether phones ring, and no calls are claimed ahead any more
SILENT_S = 2.0  # after these, and so long, the calls that still wait for it are released
QUIET_PROBE_S = 5.0
REMEMBERED = 20_000  # numbers that failed
REMEMBERED_S = 900.0

CAMPAIGN, GROUP = "campaign", "group"
Keys = tuple[tuple[str, object], ...]  # what a call has in common with others: its campaign, its destination


class Breaker(StrEnum):
    CLOSED = "closed"  # in use
    OPEN = "open"  # left alone until `reopens_m`
    PROBING = "probing"  # single calls show whether it is back
    REFUSED = "refused"  # left alone until `reopens_m`: it does not take our account
    NO_CODEC = "no_codec"  # left alone until `reopens_m`: it speaks none of the codecs that it is offered


class GatewayHealth:
    """Watches one gateway; instants are monotonic seconds."""

    def __init__(self) -> None:
        self.factor = 1.0  # share of its rate that it is given
        self.state = Breaker.CLOSED
        self.reopens_m = 0.0
        self._all = Window()
        self._of: dict[tuple[str, object], Window] = {}
        self._failed: OrderedDict[str, float] = OrderedDict()  # numbers -> their first fault
        self._dead = Streak()
        self._refused = Streak()
        self._forbidden = Streak()
        self._no_codec = Streak()
        self._good_m: float | None = None
        self._open_s = OPEN_FIRST_S
        self._refused_s = REFUSED_FIRST_S
        self._good_probes = 0
        self._probing_from_m = 0.0
        self._probes_m: list[float] = []
        self._changed_m = 0.0
        self._placed_m = 0.0
        self._since_sign = 0  # calls placed since it last said anything
        self._unheard_m = 0.0  # the first of these
        self.heard_m = 0.0  # when it last said anything
        self.quiet_calls = QUIET_CALLS

    # -- questions ------------------------------------------------------------------

    @property
    def is_failing(self) -> bool:
        """Whether a fault counts against the trunk rather than the number."""
        return self.state is not Breaker.CLOSED or self.factor < 1.0

    @property
    def is_shut(self) -> bool:
        """Whether no call at all may leave by it now."""
        return self.state not in (Breaker.CLOSED, Breaker.PROBING)

    def fault_share(self, now_m: float) -> float:
        """The share of the calls of the window that the trunk failed, without campaigns or destinations that fail alone."""
        placed, faults, _ = self._all.sums(now_m)
        share = faults / placed if placed else 0.0
        for kind in (CAMPAIGN, GROUP) if share >= GOOD else ():
            rest, rest_faults = placed, faults
            for key, window in self._of.items():
                if key[0] == kind:
                    own, own_faults, _ = window.sums(now_m)
                    if own >= ALONE and own_faults >= DEAD * own:
                        rest, rest_faults = rest - own, rest_faults - own_faults
            if 0 < rest < placed:  # of few others nothing is concluded
                share = min(share, rest_faults / rest if rest >= ENOUGH else 0.0)
        return share

    def serves_others(self, key: tuple[str, object], now_m: float) -> bool:
        """Whether calls of other campaigns (or to other destinations) than `key` went well lately."""
        of_key = self._of.get(key)
        own = of_key.sums(now_m)[2] if of_key else 0
        return self._all.sums(now_m)[2] > own

    def room(self, now_m: float) -> int:
        """How many calls its health permits now; its limits apply as well."""
        if self.is_shut:
            return 0
        if self.state is Breaker.PROBING:
            self._probes_m = [at for at in self._probes_m if now_m - at < PROBE_PATIENCE_S]
            return max(0, PROBES - len(self._probes_m))
        return self._unheard(now_m)

    def ahead(self, now_m: float, waiting: int) -> int | None:
        """How many more calls may be claimed for it while so many wait to leave; None: its health sets no limit.

        On a trunk that was heard lately calls are claimed ahead; should it fall silent, `may_leave` keeps them back.
        """
        if self.state is Breaker.CLOSED and self._since_sign <= self.quiet_calls // DOUBT:
            return None
        return max(0, self.room(now_m) - waiting)

    def may_leave(self, now_m: float) -> int | None:
        """How many of the claimed calls may leave now; None: its health sets no limit (probes are counted as claimed)."""
        return self._unheard(now_m) if self.state is Breaker.CLOSED else None

    def is_silent(self, now_m: float) -> bool:
        """Whether it has said nothing for so long that the calls that wait for it should look for another way."""
        return (
            self.state is Breaker.CLOSED
            and self._since_sign >= self.quiet_calls
            and now_m - self._placed_m >= SILENT_S
        )

    def _unheard(self, now_m: float) -> int:
        """How many calls may leave before it says something; one now and then, if it stays silent."""
        left = self.quiet_calls - self._since_sign
        return left if left > 0 else int(now_m - self._placed_m >= QUIET_PROBE_S)

    def takes(self, number: str, now_m: float) -> bool:
        """Whether a number may be called through it now: probes use numbers that have not failed, as long as there are any."""
        if self.state is not Breaker.PROBING or number not in self._failed:
            return True
        return now_m - max([self._probing_from_m, *self._probes_m]) >= OPEN_MOST_S

    def seems_silent(self, now_m: float, patience_s: float) -> bool:
        """Whether it is not in use, or said nothing of a call for so long (it may ring: see `wants_sign`)."""
        return self.state is not Breaker.CLOSED or (
            self._since_sign > 0 and now_m - self._unheard_m > patience_s
        )

    def wants_sign(self) -> bool:
        """Whether to ask the switch which current calls are ringing."""
        if self.state is Breaker.PROBING:
            return bool(self._probes_m)
        return self.state is Breaker.CLOSED and self._since_sign > self.quiet_calls // DOUBT

    def wants_sign_of(self, placed_m: float) -> bool:
        """Whether a ringing call that was placed at that time shows that the trunk works."""
        since_m = self._probing_from_m if self.state is Breaker.PROBING else self.heard_m
        return placed_m >= since_m

    # -- what happened -------------------------------------------------------------------

    def placed(self, number: str = "", keys: Keys = (), now_m: float = 0.0) -> None:
        """Note that a call was handed over for it."""
        if not self._since_sign:
            self._unheard_m = now_m
        self._since_sign += 1
        self._placed_m = now_m
        if number in self._failed:
            return
        for streak in self._streaks:
            streak.placed()
        for window in self._windows(keys):
            window.add(now_m, placed=1)

    def sign(self, now_m: float) -> None:
        """Note a sign of life: an answer, a refusal, or a ringing phone."""
        self._since_sign = 0
        self.heard_m = now_m

    def good(self, number: str, keys: Keys, now_m: float, placed_m: float) -> None:
        """Note that a call placed at `placed_m` was answered, or ended by the callee."""
        self._good_m = now_m
        self._failed.pop(number, None)
        for streak in self._streaks:
            streak.good(placed_m)
        for window in self._windows(keys):
            window.add(now_m, good=1)
        if self.state is Breaker.PROBING and placed_m >= self._probing_from_m:
            self._probed(is_fault=False, now_m=now_m)

    def fault(
        self,
        number: str,
        keys: Keys,
        now_m: float,
        placed_m: float,
        refuses_account: bool = False,
        is_forbidden: bool = False,
        has_no_codec: bool = False,
    ) -> None:
        """Note that a call placed at `placed_m` failed through the trunk's fault and rang nobody.

        With `has_no_codec` it may have rung, but nobody heard anything.
        """
        is_new = number not in self._failed
        if is_new:
            self._remember(number, now_m)
        if self.state is Breaker.PROBING:
            if placed_m >= self._probing_from_m:
                shut = (
                    Breaker.REFUSED if refuses_account else Breaker.NO_CODEC if has_no_codec else Breaker.OPEN
                )
                self._probed(is_fault=True, now_m=now_m, shut=shut)
            return
        if not is_new:
            return
        self._dead.fault(placed_m)
        for window in self._windows(keys):
            window.add(now_m, faults=1)
        if refuses_account:
            self._refused.fault(placed_m)
        if is_forbidden:
            self._forbidden.fault(placed_m)
        if has_no_codec:
            self._no_codec.fault(placed_m)
        if self.state is Breaker.CLOSED:
            self._judge(now_m)

    def tick(self, now_m: float) -> None:
        """Let time pass: climb, or begin to probe."""
        if self.is_shut and now_m >= self.reopens_m:
            self.state = Breaker.PROBING
            self._good_probes = 0
            self._probing_from_m = now_m
            self._probes_m.clear()
        elif self.state is Breaker.CLOSED and self.factor < 1.0 and now_m > self._changed_m:
            self._climb(now_m)

    def probe_sent(self, now_m: float) -> None:
        """Note that a call was claimed for it while it is probed."""
        if self.state is Breaker.PROBING:
            self._probes_m.append(now_m)

    # -- what follows ----------------------------------------------------------------------

    def _judge(self, now_m: float) -> None:
        was_well = self._good_m is not None and now_m - self._good_m < WELL_S
        refuses = self._refused.counts(REFUSED_STREAK, DEAD) or (self._refused.faults and not was_well)
        if refuses or self._forbidden.counts(FORBIDDEN_STREAK, DEAD):
            self._shut(Breaker.REFUSED, now_m)
        elif self._no_codec.counts(NO_CODEC_STREAK, DEAD):
            self._shut(Breaker.NO_CODEC, now_m)
        elif self._dead.counts(DEAD_STREAK, DEAD):
            self._shut(Breaker.OPEN, now_m)
        elif now_m - self._changed_m >= HALVE_EVERY_S:
            self._slow(now_m)

    def _slow(self, now_m: float) -> None:
        if self._all.sums(now_m)[0] >= ENOUGH and self.fault_share(now_m) >= CONGESTED:
            self.factor = max(FLOOR, self.factor / 2)
            self._changed_m = now_m

    def _climb(self, now_m: float) -> None:
        if self._all.sums(now_m)[0] < ENOUGH or self.fault_share(now_m) < GOOD:
            self.factor = min(1.0, self.factor + CLIMB_A_SECOND * min(1.0, now_m - self._changed_m))
            self._changed_m = now_m

    def _probed(self, is_fault: bool, now_m: float, shut: Breaker = Breaker.OPEN) -> None:
        if self._probes_m:
            self._probes_m.pop(0)
        if is_fault and shut is not Breaker.OPEN:
            self._refused_s = min(REFUSED_MOST_S, self._refused_s * 2)
            self._shut(shut, now_m)
        elif is_fault:
            self._open_s = OPEN_MOST_S
            self._shut(Breaker.OPEN, now_m)
        else:
            self._good_probes += 1
            if self._good_probes >= GOOD_PROBES:
                self._close(now_m)

    def _close(self, now_m: float) -> None:
        self.state = Breaker.CLOSED
        self.factor = REOPENED
        self._changed_m = now_m
        self._open_s, self._refused_s = OPEN_FIRST_S, REFUSED_FIRST_S
        self._begin_anew()

    def _shut(self, state: Breaker, now_m: float) -> None:
        self.state = state
        self.reopens_m = now_m + (self._open_s if state is Breaker.OPEN else self._refused_s)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._since_sign = 0
        self._all.clear()
        self._of.clear()
        for streak in self._streaks:
            streak.forget()

    @property
    def _streaks(self) -> tuple[Streak, ...]:
        return self._dead, self._refused, self._forbidden, self._no_codec

    def _windows(self, keys: Keys) -> list[Window]:
        found = [self._all]
        for key in keys:
            window = self._of.get(key)
            if window is None:
                window = self._of[key] = Window()
            found.append(window)
        return found

    def _remember(self, number: str, now_m: float) -> None:
        self._failed[number] = now_m
        while len(self._failed) > REMEMBERED or next(iter(self._failed.values())) < now_m - REMEMBERED_S:
            self._failed.popitem(last=False)
