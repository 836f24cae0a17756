"""Which row of a list is its header, and which column holds the numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from engine.errors import BadInput
from engine.services.numbering.numbers import Kind, NormalNumber, normalise

MAX_COLUMNS = 256
MAX_HEADER = 64
"""Characters of a column's name that are kept."""


# Names are compared in the form that ``plain_name`` gives them. Three ranks:
# a column called «mobile» beats one called «tel», which beats a bare «number»
# (that may be a row number, a contract number …).
def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_RANKS: tuple[frozenset[str], ...] = (
    _names(
        "mobile mobileno mobilenumber mobilephone mobiletel cell cellno cellphone cellnumber cellular msisdn gsm "
        "موبایل شمارهموبایل موبایلشماره شمارههمراه همراه تلفنهمراه شمارهتلفنهمراه شمارهتماسهمراه گوشی "
        "شمارهگوشی تلفنموبایل موبیل"
    ),
    _names(
        "phone phoneno phonenumber telephone telephonenumber telno tel telnumber contact contactnumber recipient "
        "destination callee called to msisdnnumber "
        "تلفن شمارهتلفن شمارهتماس تماس تلفنتماس تلفنثابت شمارهتلفنثابت ثابت شمارهگیرنده گیرنده مخاطب "
        "شمارهمخاطب"
    ),
    _names("number num no numbers شماره شمارهها nomre nomreh shomare shomareh نمره"),
)
_SEPARATORS = re.compile(r"[\W_]+")


def plain_name(name: str) -> str:
    """Return a column's name without what people vary: case, spaces, ZWNJ, ي/ك, tatweel, marks."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = folded.replace("ي", "ی").replace("ى", "ی").replace("ك", "ک").replace("ة", "ه")
    folded = "".join(
        char for char in folded if unicodedata.category(char) not in ("Cf", "Mn") and char != "\u0640"
    )
    return _SEPARATORS.sub("", folded)


def _rank(name: str) -> int | None:
    plain = plain_name(name).rstrip("0123456789")
    for rank, names in enumerate(_RANKS):
        if plain in names:
            return rank
    return None


def is_header(row: Sequence[str]) -> bool:
    """Say whether the first row names the columns: words, and nothing like a number to call."""
    filled = [cell for cell in row if cell]
    if any(_rank(cell) is not None for cell in filled):
        return True
    if any(sum(map(str.isdigit, cell)) >= 5 for cell in filled):
        return False
    words = sum(any(map(str.isalpha, cell)) for cell in filled)
    return bool(filled) and words * 2 >= len(filled)


def column_names(header: Sequence[str] | None, width: int) -> list[str]:
    """Return a name for each of ``width`` columns: bounded, none empty, none twice."""
    names: list[str] = []
    taken: set[str] = set()
    for index in range(width):
        name = header[index][:MAX_HEADER] if header and index < len(header) else ""
        name = " ".join(name.split()) or f"column_{index + 1}"
        unique, copy = name, 2
        while unique in taken:
            unique, copy = f"{name} ({copy})", copy + 1
        taken.add(unique)
        names.append(unique)
    return names


def named_column(wanted: str, names: Sequence[str]) -> int:
    """Return the index of the column that a person asked for by name or by position from 1."""
    plain = [plain_name(name) for name in names]
    if plain_name(wanted) in plain:
        return plain.index(plain_name(wanted))
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise BadInput(f"There is no column «{wanted[:MAX_HEADER]}»; the list has: {', '.join(names[:20])}.")


def find_number_column(
    names: Sequence[str], has_header: bool, sample: Sequence[Sequence[str]], default_area: str | None
) -> int | None:
    """Return the index of the column with the numbers, by its name or by looking; None if none is.

    A name decides unless its column holds no number at all while another holds some.
    """
    scores = [_score(index, sample, default_area) for index in range(len(names))]
    if has_header:
        ranked = [
            (rank, -scores[i][0], i) for i, name in enumerate(names) if (rank := _rank(name)) is not None
        ]
        useful = [entry for entry in ranked if scores[entry[2]][1]]
        if useful or (ranked and not any(score[1] for score in scores)):
            return min(useful or ranked)[2]
    if not scores:
        return None
    best = max(range(len(names)), key=lambda index: (scores[index], -index))
    if scores[best][1] or len(names) == 1:
        return best
    return None


def _score(index: int, sample: Sequence[Sequence[str]], default_area: str | None) -> tuple[int, int, int]:
    """Return how many cells of a column are whole numbers, numbers with the default area, mobiles."""
    whole = completed = mobile = 0
    for row in sample:
        if index >= len(row) or not row[index]:
            continue
        found = normalise(row[index])
        if isinstance(found, NormalNumber):
            whole += 1
            completed += 1
            mobile += found.kind is Kind.MOBILE
        elif default_area and isinstance(normalise(row[index], default_area=default_area), NormalNumber):
            completed += 1
    return whole, completed, mobile
