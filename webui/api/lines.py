"""Bodies of many lines: NDJSON is read as it comes, CSV as every list is; worked on in parts, answered line by line.

The answer is gathered on the disk while the body is read: a client that sends all before it reads would
otherwise wait for us as we for it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import IO, Annotated, Any

import orjson
from flask import Response, request
from pydantic import BaseModel, Field, ValidationError

from engine.clock import wall_ms
from engine.errors import AvanakError, BadInput
from engine.fold import fold
from engine.sentences import Sentence
from engine.services.accounts import idempotency
from engine.services.accounts.idempotency import Key
from engine.services.campaigns import adding
from engine.services.campaigns.adding import GivenRow
from engine.services.lists.reader import open_sent
from engine.services.lists.rows import Row
from engine.services.numbering.numbers import NumberRules
from engine.services.numbering.reasons import Reason
from engine.store.threads import write
from webui.api import problems
from webui.api.models import Id, Reference, RequestBody
from webui.api.operations import key_of
from webui.request.bodies import read_json
from webui.request.context import web
from webui.request.programs import caller

_NO_OBJECT = Sentence("This line is no JSON object.")
# What became of the rows of a part: the recipient's id, or the word of the reason.
Outcomes = Sequence[tuple[int | None, str | None]]
PART = 1_000  # lines of a transaction
MOST_LINES = 100_000
LONGEST_LINE = 64_000  # bytes of NDJSON
NDJSON, CSV = "application/x-ndjson", "text/csv"


class NewRecipient(RequestBody):
    """A number that is to be called."""

    number: Annotated[
        str, Field(max_length=256, description="In any usual form: 09121234567, +98 21 8888 1234.")
    ]
    reference: Reference = ""
    variables: dict[str, str] = Field(
        default_factory=dict,
        max_length=50,
        description="Variables of the recipient's own message: texts by name.",
    )


class LinesQuery(BaseModel):
    """How the lines of a CSV are read."""

    number_column: str = Field(
        "number",
        min_length=1,
        max_length=200,
        description="Name or place of the column with the numbers; of several (`mobile,home`) the first that has one.",
    )


def read_recipient(given: NewRecipient, accepted: NumberRules) -> GivenRow:
    """The recipient of a line; BadInput for a wrong reference or wrong variables."""
    return adding.read_row(given.number, given.reference, given.variables, accepted)


class LineAnswer(BaseModel):
    """The result of a line: the `id` of the recipient, or the `reason` why it was refused."""

    line: int = Field(description="Counted from 1, without the header of a CSV.")
    id: Id | None
    reference: str = ""
    number: str | None = Field(None, description="Of a line that was refused, as it is written.")
    reason: str | None = Field(None, description="A word: duplicate, do_not_call, not_a_number, bad_input …")
    detail: str | None = None
    detail_fa: str | None = None


class LinesEnd(BaseModel):
    """The last line of the answer: totals, and a `problem` if the rest was not processed."""

    lines: int
    added: int
    refused: int
    problem: problems.Problem | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that was read: its number's cell, its whole text, and the recipient or the refusal."""

    written: str
    told: bytes
    found: GivenRow | LineAnswer


def said_of(
    line: int, written: str, reference: str, outcome_id: int | None, reason: Reason | None
) -> LineAnswer:
    """The answer to a line whose number is `written` so."""
    if reason is None:
        return LineAnswer(line=line, id=outcome_id, reference=reference, number=None, reason=None)
    detail, detail_fa = _of_reason(reason)
    return LineAnswer(
        line=line,
        id=None,
        reference=reference,
        number=written,
        reason=reason.value,
        detail=detail,
        detail_fa=detail_fa,
    )


_said: dict[Reason, tuple[str, str]] = {}


def _of_reason(reason: Reason) -> tuple[str, str]:
    """A reason in both languages; `know_reasons` was called before."""
    return _said[reason]


def know_reasons() -> None:
    """Translate each reason once, within the request: a transaction has no language."""
    if not _said:
        _said.update({reason: problems.both(reason.sentence) for reason in Reason})


def description() -> dict[str, Any]:
    """How such a body is described."""
    text = {"schema": {"type": "string"}}
    return {
        "required": True,
        "description": "A JSON object a line (number, reference, variables), or CSV with a header: number, reference,"
        " and variables. A CSV is read as every list is: any encoding, delimiter and quotes; a blank line is none."
        " At most 100,000 lines and 64 MB.",
        "content": {
            NDJSON: {**text, "example": '{"number": "09121234567", "reference": "order 7"}\n'},
            CSV: {**text, "example": "number,reference,name\n09121234567,order 7,Sara\n"},
        },
    }


ANSWER = {
    "description": "A line for each line, and a last one with the counts.",
    "content": {NDJSON: {"schema": {"type": "string"}}},
}


def answer_lines(
    rules: NumberRules, query: LinesQuery, add: Callable[[list[GivenRow]], Outcomes]
) -> Response:
    """Read the body in parts of `PART` lines, add each part in a transaction, and answer each line.

    `add` adds those that could be read; with an Idempotency-Key a part that was added is not added again.
    """
    know_reasons()
    key = key_of("lines")
    kept: IO[bytes] = tempfile.TemporaryFile(dir=web().settings.data_dir / "tmp")  # noqa: SIM115 - the answer closes it
    end = LinesEnd(lines=0, added=0, refused=0)
    try:
        with closing(_source(rules, query)) as source:
            for number, (found, digest) in enumerate(_parts(source)):
                part_key = None if key is None else key.part(number, _asked(key, digest))
                for answer in _worked(found, end.lines + 1, add, part_key):
                    end.lines += 1
                    end.added += answer.id is not None
                    end.refused += answer.id is None
                    kept.write(answer.model_dump_json(exclude_none=True).encode() + b"\n")
    except AvanakError as error:
        if not end.lines:
            kept.close()
            raise
        end.problem = problems.Problem(**problems.of_error(error).get_json(force=True))
    kept.write(end.model_dump_json(exclude_none=True).encode() + b"\n")
    size = kept.tell()
    kept.seek(0)
    response = Response(_pieces(kept), mimetype=NDJSON)
    response.call_on_close(kept.close)
    response.content_length = size
    return response


def _worked(
    found: Sequence[_Line], first: int, add: Callable[[list[GivenRow]], Outcomes], key: Key | None
) -> list[LineAnswer]:
    """The answers to a part whose first line is `first`."""
    rows = [each.found for each in found if isinstance(each.found, GivenRow)]
    outcomes = iter(added(rows, add, key) if rows else ())
    answers: list[LineAnswer] = []
    for line, each in enumerate(found, start=first):
        if isinstance(each.found, LineAnswer):
            answers.append(each.found.model_copy(update={"line": line}))
            continue
        made, reason = next(outcomes)
        known = None if reason is None else Reason(reason)
        answers.append(said_of(line, each.written, each.found.reference, made, known))
    return answers


def added(
    rows: list[GivenRow], add: Callable[[list[GivenRow]], Outcomes], key: Key | None
) -> list[tuple[int | None, str | None]]:
    """What became of the rows: of one transaction, done once for a key."""
    now = wall_ms()
    text, _ = write(lambda: idempotency.once(key, now, lambda: orjson.dumps(list(add(rows))).decode()))
    return [(made, reason) for made, reason in orjson.loads(text)]


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(65_536):
        yield piece


def _parts(source: Iterator[_Line]) -> Iterator[tuple[list[_Line], str]]:
    """The lines in parts, each with its hash."""
    part: list[_Line] = []
    for count, each in enumerate(source, start=1):
        if count > MOST_LINES:
            raise BadInput("At most %(n)s lines can be sent at once.", n=MOST_LINES)
        part.append(each)
        if len(part) == PART:
            yield part, _digest(part)
            part = []
    if part:
        yield part, _digest(part)


def _asked(key: Key, digest: str) -> str:
    """The hash of a part as a part of this request: of this address, and of a body as long as this one."""
    return hashlib.sha256(f"{key.sha256} {request.content_length} {digest}".encode()).hexdigest()


def _digest(part: Sequence[_Line]) -> str:
    return hashlib.sha256(b"\n".join(each.told for each in part)).hexdigest()


def _source(rules: NumberRules, query: LinesQuery) -> Generator[_Line]:
    if request.mimetype == CSV:
        return _of_list(rules, query.number_column)
    if request.mimetype in (NDJSON, "application/jsonl", "application/json-lines"):
        return _of_ndjson(rules)
    raise BadInput("Lines are sent as application/x-ndjson or text/csv.")


def _raw() -> Iterator[bytes]:
    """The lines of the body; BadInput for one that is too long, and for too many that hold nothing."""
    body = io.BufferedReader(request.stream, 65_536)  # type: ignore[type-var]  # alone it reads byte by byte
    count = 0
    while raw := body.readline(LONGEST_LINE + 1):
        count += 1
        if count > 2 * MOST_LINES:  # more than an empty one behind each
            raise BadInput("At most %(n)s lines can be sent at once.", n=MOST_LINES)
        if len(raw) > LONGEST_LINE:
            raise BadInput("A line has at most %(n)s bytes.", n=LONGEST_LINE)
        yield raw


def _of_ndjson(rules: NumberRules) -> Generator[_Line]:
    for raw in _raw():
        if not (told := raw.strip()):
            continue
        try:
            given = NewRecipient.model_validate(read_json(told))
        except ValidationError as error:
            said = problems.of_fields(error).get_json(force=True)
            yield _Line("", told, _unread("", said["detail"], said["detail_fa"]))
        except ValueError:
            yield _Line("", told, _unread("", *problems.both(_NO_OBJECT)))
        else:
            yield _Line(given.number, told, _or_told(given.number, partial(read_recipient, given, rules)))


def _of_list(rules: NumberRules, column: str) -> Generator[_Line]:
    """The lines of a CSV, read in a worker like every list, from a copy on disk."""
    account_id = caller().account_id
    with tempfile.TemporaryFile(dir=web().settings.data_dir / "tmp") as body:
        shutil.copyfileobj(request.stream, body, 65_536)
        with web().apart(
            lambda: open_sent(body, column, rules, account=account_id),
            waits=True,
        ) as reader:
            for chunk in web().each_apart(iter(reader)):
                columns = reader.variable_columns
                reference_at = next((name for name in columns if fold(name) == "reference"), "")
                for row in chunk:
                    yield _listed(row, dict(zip(columns, row.cells, strict=False)), reference_at)


def _listed(row: Row, values: dict[str, str], reference_at: str) -> _Line:
    reference = values.pop(reference_at, "")
    told = orjson.dumps([row.raw, reference, values])
    # What stands twice in the body is for `add` to judge.
    number = row.number if row.number is not None else row.reason or Reason.NOT_A_NUMBER
    return _Line(row.raw, told, _or_told(row.raw, lambda: adding.given_row(number, reference, values)))


def _or_told(written: str, read: Callable[[], GivenRow]) -> GivenRow | LineAnswer:
    """What `read` gives, or the answer to a line that it refuses."""
    try:
        return read()
    except BadInput as error:
        return _unread(written, *problems.both(error.sentence))


def _unread(written: str, detail: str, detail_fa: str) -> LineAnswer:
    return LineAnswer(
        line=0, id=None, number=written or None, reason="bad_input", detail=detail, detail_fa=detail_fa
    )
