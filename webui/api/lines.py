"""Bodies of many lines, NDJSON or CSV: read as they come, worked on in parts, answered line by line.

The answer is gathered on the disk while the body is read: a client that sends all before it reads would
otherwise wait for us as we for it.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import orjson
from flask import Response, request
from pydantic import BaseModel, Field, ValidationError

from engine.clock import wall_ms
from engine.errors import AvanakError, BadInput
from engine.services.accounts import idempotency
from engine.services.accounts.idempotency import Key
from engine.services.numbering.reasons import Reason
from engine.store.threads import write
from webui.api import problems
from webui.api.models import Id, PhoneNumber, Reference, RequestBody
from webui.api.operations import key_of
from webui.request.bodies import read_json
from webui.request.context import web

# What became of the rows of a part: the recipient's id, or the word of the reason.
Outcomes = Sequence[tuple[int | None, str | None]]
PART = 1_000  # lines of a transaction
MOST_LINES = 100_000
LONGEST_LINE = 64_000  # bytes
NDJSON, CSV = "application/x-ndjson", "text/csv"


class NewRecipient(RequestBody):
    """A number that is to be called."""

    number: PhoneNumber
    reference: Reference = ""
    variables: dict[str, str] = Field(
        default_factory=dict,
        max_length=50,
        description="Variables of the recipient's own message: texts by name.",
    )


class LineAnswer(BaseModel):
    """The result of a line: the `id` of the recipient, or the `reason` why it was refused."""

    line: int = Field(description="Counted from 1, without the header of a CSV.")
    id: Id | None
    reference: str = ""
    reason: str | None = Field(None, description="A word: duplicate, do_not_call, not_a_number, bad_input …")
    detail: str | None = None
    detail_fa: str | None = None


class LinesEnd(BaseModel):
    """The last line of the answer: totals, and a `problem` if the rest was not processed."""

    lines: int
    added: int
    refused: int
    problem: problems.Problem | None = None


def said_of(line: int, reference: str, outcome_id: int | None, reason: Reason | None) -> LineAnswer:
    """The answer to a line."""
    if reason is None:
        return LineAnswer(line=line, id=outcome_id, reference=reference, reason=None)
    detail, detail_fa = _of_reason(reason)
    return LineAnswer(
        line=line, id=None, reference=reference, reason=reason.value, detail=detail, detail_fa=detail_fa
    )


_said: dict[Reason, tuple[str, str]] = {}


def _of_reason(reason: Reason) -> tuple[str, str]:
    """A reason in both languages; `know_reasons` was called before."""
    return _said[reason]


def know_reasons() -> None:
    """Say each reason once, where the request is: a transaction has no language."""
    if not _said:
        _said.update({reason: problems.both(reason.sentence) for reason in Reason})


def description() -> dict[str, Any]:
    """How such a body is described."""
    text = {"schema": {"type": "string"}}
    return {
        "required": True,
        "description": "A JSON object a line (number, reference, variables), or CSV whose first line names the"
        " columns: number, reference, and variables. At most 100,000 lines and 64 MB.",
        "content": {
            NDJSON: {**text, "example": '{"number": "09121234567", "reference": "order 7"}\n'},
            CSV: {**text, "example": "number,reference,name\n09121234567,order 7,Sara\n"},
        },
    }


ANSWER = {
    "description": "A line for each line, and a last one with the counts.",
    "content": {NDJSON: {"schema": {"type": "string"}}},
}


def answer_lines(read_row: Callable[[NewRecipient], Any], add: Callable[[list[Any]], Outcomes]) -> Response:
    """Read the body in parts of `PART` lines, add each part in a transaction, and answer each line.

    `read_row` reads a line (BadInput: it is refused), `add` adds those that could be read; with an
    Idempotency-Key a part that was added is not added again.
    """
    know_reasons()
    key = key_of("lines")
    kept: IO[bytes] = tempfile.TemporaryFile(dir=web().settings.data_dir / "tmp")  # noqa: SIM115 - the answer closes it
    end = LinesEnd(lines=0, added=0, refused=0)
    try:
        for number, (found, digest) in enumerate(_parts(_source())):
            part_key = None if key is None else key.part(number, digest)
            for answer in _worked(found, end.lines + 1, read_row, add, part_key):
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
    found: Sequence[NewRecipient | LineAnswer],
    first: int,
    read_row: Callable[[NewRecipient], Any],
    add: Callable[[list[Any]], Outcomes],
    key: Key | None,
) -> list[LineAnswer]:
    """The answers to a part whose first line is `first`."""
    answers: list[LineAnswer | None] = []
    rows: list[Any] = []
    places: list[tuple[int, str]] = []
    for at, each in enumerate(found):
        if isinstance(each, LineAnswer):
            answers.append(each.model_copy(update={"line": first + at}))
            continue
        try:
            rows.append(read_row(each))
        except BadInput as error:
            answers.append(_unread(first + at, *problems.both(error.sentence)))
            continue
        places.append((at, each.reference))
        answers.append(None)
    if rows:
        now = wall_ms()
        text, _ = write(lambda: idempotency.once(key, now, lambda: orjson.dumps(list(add(rows))).decode()))
        for (at, reference), (made, reason) in zip(places, orjson.loads(text), strict=True):
            answers[at] = said_of(first + at, reference, made, None if reason is None else Reason(reason))
    return [answer for answer in answers if answer is not None]


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(65_536):
        yield piece


def _parts(
    source: Iterator[NewRecipient | LineAnswer],
) -> Iterator[tuple[list[NewRecipient | LineAnswer], str]]:
    """The lines in parts, each with its hash."""
    part: list[NewRecipient | LineAnswer] = []
    for count, each in enumerate(source, start=1):
        if count > MOST_LINES:
            raise BadInput("At most %(n)s lines can be sent at once.", n=MOST_LINES)
        part.append(each)
        if len(part) == PART:
            yield part, _digest(part)
            part = []
    if part:
        yield part, _digest(part)


def _digest(part: Sequence[BaseModel]) -> str:
    found = hashlib.sha256()
    for each in part:
        found.update(each.model_dump_json().encode())
    return found.hexdigest()


def _source() -> Iterator[NewRecipient | LineAnswer]:
    if request.mimetype == CSV:
        return _of_csv()
    if request.mimetype in (NDJSON, "application/jsonl", "application/json-lines"):
        return _of_ndjson()
    raise BadInput("Lines are sent as application/x-ndjson or text/csv.")


def _raw() -> Iterator[bytes]:
    """The lines of the body that hold something; BadInput for one that is too long."""
    while raw := request.stream.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE:
            raise BadInput("A line has at most %(n)s bytes.", n=LONGEST_LINE)
        yield raw


def _of_ndjson() -> Iterator[NewRecipient | LineAnswer]:
    line = 0
    for raw in _raw():
        if not raw.strip():
            continue
        line += 1
        try:
            yield NewRecipient.model_validate(read_json(raw))
        except ValidationError as error:
            told = problems.of_fields(error).get_json(force=True)
            yield _unread(line, told["detail"], told["detail_fa"])
        except ValueError:
            yield _unread(line, *problems.both_texts("This line is no JSON object."))


def _of_csv() -> Iterator[NewRecipient | LineAnswer]:
    def texts() -> Iterator[str]:
        for at, raw in enumerate(_raw()):
            try:
                text = raw.decode("utf-8-sig" if at == 0 else "utf-8")
            except UnicodeDecodeError as error:
                raise BadInput("The lines are not UTF-8.") from error
            yield text.replace("\0", "")

    rows = csv.reader(texts(), strict=True)
    try:
        head = [name.strip() for name in next(rows, [])]
        if "number" not in head:
            raise BadInput("The first line of the CSV names the columns; one of them is «number».")
        line = 0
        for cells in rows:
            if not cells:
                continue
            line += 1
            values = dict(zip(head, cells, strict=False))
            number, reference = values.pop("number", ""), values.pop("reference", "")
            try:
                yield NewRecipient(
                    number=number, reference=reference, variables={k: v for k, v in values.items() if k}
                )
            except ValidationError as error:
                told = problems.of_fields(error).get_json(force=True)
                yield _unread(line, told["detail"], told["detail_fa"])
    except csv.Error as error:
        raise BadInput("The CSV cannot be read: %(why)s.", why=str(error)) from error


def _unread(line: int, detail: str, detail_fa: str) -> LineAnswer:
    return LineAnswer(line=line, id=None, reason="bad_input", detail=detail, detail_fa=detail_fa)
