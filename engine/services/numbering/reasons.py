"""Why a telephone number is set aside: the stored code and its sentence."""

from __future__ import annotations

from enum import StrEnum

from engine.sentences import Sentence


class Reason(StrEnum):
    """Why a number is set aside. The values are stored and exported: they never change."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    SEVERAL = "several"
    ROUNDED = "rounded"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_AREA_CODE = "no_area_code"
    UNASSIGNED = "unassigned"
    ADVERTISING_RANGE = "advertising_range"
    ABROAD = "abroad"
    PREMIUM = "premium"
    SHORT_NUMBER = "short_number"
    DUPLICATE = "duplicate"
    DO_NOT_CALL = "do_not_call"
    DESTINATION_CLOSED = "destination_closed"
    NO_MESSAGE = "no_message"
    DATE = "date"
    HIDDEN = "hidden"
    MAY_BE_CODE = "may_be_code"
    EXTENSION = "extension"
    ENDINGS = "endings"
    BESIDE_WORDS = "beside_words"
    FOREIGN_FORM = "foreign_form"
    FORMULA = "formula"
    FILLER = "filler"
    FOOTER = "footer"

    @property
    def has_number(self) -> bool:
        """Whether lines set aside for this reason hold a number, stored as E.164; otherwise the written text is stored."""
        return self in _WITH_NUMBER

    @property
    def sentence(self) -> Sentence:
        """The sentence for people."""
        return _SENTENCES[self]


_WITH_NUMBER = (Reason.DUPLICATE, Reason.DO_NOT_CALL, Reason.DESTINATION_CLOSED, Reason.NO_MESSAGE)
_SENTENCES: dict[Reason, Sentence] = {
    Reason.EMPTY: Sentence("The number is missing."),
    Reason.NOT_A_NUMBER: Sentence("This is not a telephone number."),
    Reason.SEVERAL: Sentence(
        "There is more than one number in the cell; choose whether the first or all of them are called."
    ),
    Reason.ROUNDED: Sentence(
        "A spreadsheet rounded this number and its last digits are lost; format the column as text."
    ),
    Reason.TOO_SHORT: Sentence("The number has too few digits."),
    Reason.TOO_LONG: Sentence("The number has too many digits."),
    Reason.NO_AREA_CODE: Sentence(
        "This is a local number without its area code; add the code or set a default area."
    ),
    Reason.UNASSIGNED: Sentence("No telephone has this number: its range is not assigned."),
    Reason.ADVERTISING_RANGE: Sentence(
        "Numbers in 0942 only place advertising calls; nobody can be reached there."
    ),
    Reason.ABROAD: Sentence("The number is outside Iran, and calls abroad are not open."),
    Reason.PREMIUM: Sentence("The number is charged at a premium rate, and such calls are not open."),
    Reason.SHORT_NUMBER: Sentence("This is a short service number, and calls to those are not open."),
    Reason.DUPLICATE: Sentence("The number is already in the list."),
    Reason.DO_NOT_CALL: Sentence("The number is on a do-not-call list."),
    Reason.DESTINATION_CLOSED: Sentence("Calls to numbers of this range are not open."),
    Reason.NO_MESSAGE: Sentence(
        "This recipient's message cannot be made: a cell that it needs is empty, too long,"
        " or not a name, an amount, a date or a number."
    ),
    Reason.DATE: Sentence("This is a date, not a telephone number."),
    Reason.MAY_BE_CODE: Sentence(
        "Ten digits without a 0 before them, among mobiles or codes: this may be a code; a landline is written 021…."
    ),
    Reason.EXTENSION: Sentence(
        "The number has an extension, which cannot be dialled; write the number alone to call its switchboard."
    ),
    Reason.ENDINGS: Sentence("Other digits follow the number, as in 88776655-66; write each number in full."),
    Reason.BESIDE_WORDS: Sentence(
        "There are words beside the number in its cell; check them, then choose that the first number of a cell is called."
    ),
    Reason.FOREIGN_FORM: Sentence(
        "The number is written as in North America; a landline in Iran is written 021…, a number abroad 001…."
    ),
    Reason.FORMULA: Sentence(
        "The cell holds a formula without its result; open the list in a spreadsheet program, save it, and upload it again."
    ),
    Reason.FILLER: Sentence(
        "This looks like a filler for a number that is not known; if it is real, a quick send calls it."
    ),
    Reason.FOOTER: Sentence("The row is a total or a note of the list's author, not a recipient."),
    Reason.HIDDEN: Sentence(
        "The row is hidden, filtered out or crossed out in the spreadsheet, so it was left out."
    ),
}
