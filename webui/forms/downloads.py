"""Downloads: streamed tables (a million rows need no memory), and the audit entry when staff download."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import quote

from flask import Response

from engine.clock import wall_ms
from engine.services.accounts import audit_log
from engine.services.reports.files import Cell, csv_chunks
from engine.services.reports.xlsx_stream import workbook_chunks
from engine.store.threads import connected, write
from engine.text import one_line
from webui.i18n.formats import language
from webui.request.access import is_staff, person
from webui.request.context import web

T = TypeVar("T")
_UNFIT = re.compile(r'[\\/:*?"<>|]+')
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table(
    stem: str, kind: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], name: str = ""
) -> Response:
    """A file ``stem.kind`` (csv or xlsx), made while it is sent; `rows` read with `read_here`.

    `name` is a file name for people, which browsers use if they can.
    """
    is_turned = language() == "fa"
    made = (
        workbook_chunks(columns, rows, is_right_to_left=is_turned)
        if kind == "xlsx"
        else csv_chunks(columns, rows)
    )
    pieces = filter(None, web().each_apart(made))  # an empty piece would end the response
    disposition = f'attachment; filename="{stem}.{kind}"'
    if name:
        disposition += f"; filename*=UTF-8''{quote(f'{_file_name(name)}.{kind}', safe='')}"
    headers = {"Content-Disposition": disposition}
    return Response(pieces, headers=headers, content_type=_TYPES[kind])


def _file_name(text: str) -> str:
    """A file name that is valid on every system; a joiner, which browsers would turn into «_», becomes a space."""
    seen = "".join(" " if unicodedata.category(char) == "Cf" else char for char in one_line(text))
    return " ".join(_UNFIT.sub(" ", seen).split())[:100].strip(" .") or "avanak"


def note(action: str, account_id: int | None, subject: str) -> None:
    """Write to the audit log that staff download a customer's data, before the first byte is sent."""
    if is_staff():
        me, now = person(), wall_ms()
        write(lambda: audit_log.by_staff(me.id, account_id, action, subject, now))


def read_here(work: Callable[[], T]) -> T:
    """Read in the thread that makes the pieces."""
    with connected():
        return work()
