"""Find the delimiter of a text file: a comma, a semicolon, a tab, or a rarer sign."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from engine.services.lists.prefixes import is_in_two_cells
from engine.services.lists.quotes import MendedQuotes
from engine.services.numbering.numbers import NormalNumber, normalise, numbers_in
from engine.services.numbering.reasons import Reason

DELIMITERS = ",;\t|،؛~^¦"

_Score = tuple[float, float, float, int]
_QUOTED_ROW = re.compile(r'\s*"(.*)"\s*')
_MOST_TITLES = 9  # lines of fewer cells above the header
_NO_DELIMITER = " \"'().-+_ـ"


def detect_delimiter(lines: Sequence[str], filename: str) -> tuple[str, bool]:
    """Return the delimiter of `lines`, and whether each whole row is in quotation marks.

    The best delimiter gives most rows with a number in some cell, then most rows of equal width, most rows with
    several cells, most columns.  A file of one column gets the delimiter that its name suggests.  Rarer signs are
    tried when no usual one finds a number.
    """
    preferred = "\t" if filename.lower().endswith((".tsv", ".tab")) else ","
    usual = sorted(DELIMITERS, key=lambda one: one != preferred)
    best, score = _best(lines, usual, preferred)
    if score[3] == 1 and sum(map(_is_quoted, lines)) * 2 > len(lines):
        inner, inner_score = _best(list(unwrapped(lines)), usual, preferred)
        if inner_score[0] > score[0] and inner_score[3] > 1:
            return inner, True
    if score[0] < 0.5:
        rare, rare_score = _best(lines, _rare_signs(lines), best)
        filled = sum(bool(line.strip()) for line in lines)
        has_numbers = rare_score[0] * filled >= 0.8 * max(1, filled - 1)  # one of the lines may be a header
        if has_numbers and rare_score[1] >= 0.8 and not _is_between_numbers(lines, rare):
            return rare, False
    return best, False


def _is_quoted(line: str) -> bool:
    return _QUOTED_ROW.fullmatch(line) is not None


def unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without the quotation marks around each whole row."""
    for line in lines:
        found = _QUOTED_ROW.fullmatch(line.rstrip("\r\n"))
        yield found[1].replace('""', '"') + "\n" if found else line


def usual_width(lines: Sequence[str], delimiter: str) -> int:
    """How many cells most of `lines` have, or most of their records when cells contain line breaks."""
    widths = Counter(line.count(delimiter) + 1 for line in lines if line.strip())
    width = max(widths, key=lambda width: (widths[width], width), default=1)
    return max(width, _record_width(lines, delimiter)) if any('"' in line for line in lines) else width


def _record_width(lines: Sequence[str], delimiter: str) -> int:
    """How many cells most records have when they are read as standard CSV; 0 when they cannot be.

    Two stray marks in two lines look like one cell.  So records of several lines count only when a record of one line
    is as wide, or when none of them has a number in more than one cell.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    records: list[tuple[int, list[str]]] = []  # lines, cells
    end = 0
    with contextlib.suppress(csv.Error):  # a stray mark, or a record that continues after the sample
        for cells in reader:
            if any(cells):
                records.append((reader.line_num - end, cells))
            end = reader.line_num
    if not records or end * 2 < len(lines):
        return 0
    widths = Counter(len(cells) for _, cells in records)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    of_several = [cells for spanned, cells in records if spanned > 1 and len(cells) == width]
    is_sure = count > len(of_several) or all(sum(map(_is_number, cells)) < 2 for cells in of_several)
    return width if is_sure else 0


def _best(lines: Sequence[str], delimiters: Iterable[str], otherwise: str) -> tuple[str, _Score]:
    best, best_score = otherwise, (0.0, 0.0, 0.0, 0)
    has_quotes = any('"' in line for line in lines)
    for delimiter in delimiters:
        try:
            mended = MendedQuotes(lines, delimiter, usual_width(lines, delimiter)) if has_quotes else lines
            rows = [row for row in csv.reader(mended, delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        score = _score(rows)
        if score > best_score:
            best, best_score = delimiter, score
    return best, best_score


def _score(rows: list[list[str]]) -> _Score:
    if not rows:
        return (0.0, 0.0, 0.0, 0)
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count)
    several = sum(width > 1 for width in widths) / len(rows)
    is_one_name = len(rows[0]) == 1 and not any(map(str.isdigit, rows[0][0]))
    if is_one_name and 0 < several < 0.5:
        return (0.0, 0.0, 0.0, 0)  # a list of one column; the sign occurs in some cells
    # Without a header, several numbers in a line are several cells.
    is_named = not any(sum(map(str.isdigit, cell)) >= 5 for cell in rows[0])
    test = _holds_numbers if is_named else _is_number
    with_number = sum(any(map(test, row[:64])) or is_in_two_cells(row[:64]) for row in rows)
    titles = next(place for place, width in enumerate(widths) if width >= usual)
    below = widths[titles if titles <= _MOST_TITLES else 0 :]
    return with_number / len(rows), below.count(usual) / len(below), several, usual


def _is_number(cell: str) -> bool:
    return isinstance(normalise(cell), NormalNumber)


def _holds_numbers(cell: str) -> bool:
    """Whether a cell is a number, or several."""
    found = normalise(cell)
    if found is Reason.SEVERAL:
        return sum(map(_is_number, numbers_in(cell))) > 1
    return isinstance(found, NormalNumber)


def _rare_signs(lines: Sequence[str]) -> list[str]:
    """Signs that occur in nearly all lines and in no number."""
    counts = Counter(sign for line in lines for sign in set(line.rstrip("\r\n")))
    filled = sum(bool(line.strip()) for line in lines)
    return sorted(
        sign
        for sign, count in counts.items()
        if count >= 0.8 * filled
        and not sign.isalnum()
        and sign not in _NO_DELIMITER + DELIMITERS
        and sign not in "\0\r\n"
    )


def _is_between_numbers(lines: Sequence[str], sign: str) -> bool:
    """Whether `sign` separates the numbers of one cell rather than the cells of a row."""
    return any(sum(map(_is_number, line.split(sign))) > 1 for line in lines)
