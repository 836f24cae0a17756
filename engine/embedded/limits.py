"""The two limits of a switch and their counts: sessions a second, live sessions.  Time is an argument."""

from __future__ import annotations

from collections import deque

_FIVE_MINUTES_S = 300


class Limits:
    """Counts sessions as FreeSWITCH does, in fixed seconds since its start; a limit of N admits N - 1 (observed).

    ``alive`` is the number of live sessions, ``now`` a time of the monotonic clock.
    """

    def __init__(self, sps: int, max_sessions: int, now: float) -> None:
        self.sps = sps
        self.max_sessions = max_sessions
        self.started = now
        self.since_startup = 0
        self.peak_sessions = 0
        self.sps_peak = 0
        self._second = 0
        self._left = sps
        self._this_second = 0
        # (second, sessions started in it, live sessions at its end), only for seconds with a request.
        self._recent: deque[tuple[int, int, int]] = deque(maxlen=_FIVE_MINUTES_S)

    def admit(self, alive: int, now: float) -> bool:
        """Whether one more session may start; a refused attempt counts too."""
        self._turn(alive, now)
        self._left -= 1
        return self._left > 0 and alive + 1 < self.max_sessions

    def started_one(self, alive_before: int) -> int:
        """Counts a session that starts; returns its number since the start of the switch."""
        self._this_second += 1
        self.sps_peak = max(self.sps_peak, self._this_second)
        self.peak_sessions = max(self.peak_sessions, alive_before + 1)
        self.since_startup += 1
        return self.since_startup

    def set_sps(self, sps: int) -> None:
        """``fsctl sps``: applies from the next second on, as in FreeSWITCH (observed)."""
        self.sps = sps

    def sps_now(self, alive: int, now: float) -> int:
        """Sessions started in this second."""
        self._turn(alive, now)
        return self._this_second

    def five_minutes(self, alive: int, now: float) -> tuple[int, int]:
        """The most sessions started in a second, and the most live sessions, in the last five minutes."""
        self._turn(alive, now)
        recent = [one for one in self._recent if one[0] > self._second - _FIVE_MINUTES_S]
        starts = max((one[1] for one in recent), default=0)
        most = max((one[2] for one in recent), default=0)
        return max(starts, self._this_second), max(most, alive)

    def _turn(self, alive: int, now: float) -> None:
        second = int(now - self.started)
        if second != self._second:
            self._recent.append((self._second, self._this_second, alive))
            self._second, self._this_second, self._left = second, 0, self.sps


def up_time(seconds: float) -> str:
    """The up-time in the wording of ``status``."""
    whole = int(seconds)
    years, rest = divmod(whole, 365 * 86400)
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    micros = int(seconds * 1_000_000) % 1_000_000

    def some(number: int, unit: str) -> str:
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

    parts = [some(years, "year"), some(days, "day"), some(hours, "hour"), some(minutes, "minute"),
             some(rest, "second"), some(micros // 1000, "millisecond"), some(micros % 1000, "microsecond")]  # fmt: skip
    return ", ".join(parts)
