"""Matches answers to commands: the event socket answers in order, without any id.

So a command keeps its place in the queue until its answer has come, even if its caller has given up.  A late answer is
dropped and never given to the next command.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.errors import SwitchUnavailable
from engine.esl.protocol import API_RESPONSE, Frame

log = logging.getLogger(__name__)


class LinkDown(SwitchUnavailable):
    """The connection to the switch is gone.

    ``maybe_sent``: the command may have reached the switch, so ask the switch before repeating it.  Otherwise nothing has
    happened.
    """

    def __init__(self, message: str, /, maybe_sent: bool = False, **values: Any) -> None:
        super().__init__(message, **values)
        self.maybe_sent = maybe_sent


class AuthFailed(SwitchUnavailable):
    """The switch rejects our password; trying again soon is useless."""


class CommandTimeout(SwitchUnavailable):
    """No answer within the deadline; the command may have run or may still run."""


class LinkBusy(SwitchUnavailable):
    """Too many commands wait for answers or to be sent; nothing was sent."""


class Reply:
    """An answer: ``text`` is the body of an ``api``, the Reply-Text of any other command."""

    __slots__ = ("job_uuid", "text")

    def __init__(self, frame: Frame) -> None:
        if frame.content_type == API_RESPONSE:
            self.text = frame.body.decode("utf-8", "replace")
        else:
            self.text = frame.headers.get("Reply-Text", "")
        self.job_uuid = frame.headers.get("Job-UUID")

    @property
    def is_ok(self) -> bool:
        """Whether the switch said +OK."""
        return self.text.startswith("+OK")

    def __repr__(self) -> str:
        return f"Reply({self.text[:80]!r})"


Outcome = Reply | LinkDown | CommandTimeout
OnReply = Callable[[int, Outcome], None]


class _Question:
    __slots__ = ("asked_s", "deadline_s", "index", "on_reply")

    def __init__(self, index: int, on_reply: OnReply | None, asked_s: float, deadline_s: float) -> None:
        self.index = index
        self.on_reply = on_reply
        self.asked_s = asked_s
        self.deadline_s = deadline_s

    def tell(self, outcome: Outcome) -> None:
        """Give the caller the outcome, once; an error in its handler does not stop the queue."""
        on_reply, self.on_reply = self.on_reply, None
        if on_reply is None:
            return
        try:
            on_reply(self.index, outcome)
        except Exception:
            log.exception("action=reply_handler_failed index=%d outcome=%r", self.index, outcome)


class ReplyQueue:
    """The queue of unanswered commands.  Times are monotonic seconds, given by the caller."""

    def __init__(self, max_outstanding: int) -> None:
        self.max_outstanding = max_outstanding
        self._line: deque[_Question] = deque()

    def __len__(self) -> int:
        return len(self._line)

    def ask(self, count: int, on_reply: OnReply | None, now_s: float, timeout_s: float) -> None:
        """Queue ``count`` commands, numbered from 0; LinkBusy when they do not all fit.

        A batch larger than the whole queue is an error of the caller: ValueError.
        """
        if count > self.max_outstanding:
            raise ValueError(f"a batch of {count} commands; the line holds {self.max_outstanding}")
        if len(self._line) + count > self.max_outstanding:
            raise LinkBusy(
                "%(len)s commands wait for the switch's answer; nothing was sent", len=len(self._line)
            )
        deadline_s = now_s + timeout_s
        self._line.extend(_Question(i, on_reply, now_s, deadline_s) for i in range(count))

    def answer(self, reply: Reply) -> bool:
        """Give the reply to the oldest command; False when there is none."""
        if not self._line:
            return False
        self._line.popleft().tell(reply)
        return True

    def expire(self, now_s: float) -> None:
        """Give a time-out to callers whose deadline has passed; their commands keep their places."""
        # A copy: a handler may send further commands.
        due = [q for q in self._line if q.on_reply is not None and now_s >= q.deadline_s]
        for question in due:
            timeout_s = question.deadline_s - question.asked_s
            question.tell(
                CommandTimeout(
                    "the switch did not answer a command within %(timeout_s)s s", timeout_s=f"{timeout_s:.4g}"
                )
            )

    def fail_all(self, reason: str) -> None:
        """The connection is gone: give every command a LinkDown of its own, with ``maybe_sent``."""
        line, self._line = self._line, deque()
        for question in line:
            question.tell(LinkDown(reason, maybe_sent=True))

    def oldest_age_s(self, now_s: float) -> float:
        """How long the oldest command has waited; 0 with none."""
        return now_s - self._line[0].asked_s if self._line else 0.0

    def oldest_overdue_s(self, now_s: float) -> float:
        """How long the oldest command is past its deadline; 0 with none, or before the deadline."""
        return max(0.0, now_s - self._line[0].deadline_s) if self._line else 0.0
