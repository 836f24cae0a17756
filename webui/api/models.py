"""Common parts of the web service's models: instants, pages and their cursors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from engine.clock import from_ms
from engine.errors import BadInput

T = TypeVar("T")
LARGEST = 2**63 - 1
PAGE = 50
MOST = 500

Id = Annotated[int, Field(ge=1, le=LARGEST)]
At = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-28T06:00:00.000Z"])]
Rials = Annotated[int, Field(description="Whole Rials.")]
PhoneNumber = Annotated[
    str, Field(min_length=1, max_length=256, description="In any usual form: 09121234567, +98 21 8888 1234.")
]
Reference = Annotated[str, Field(max_length=100, description="Your own name for it.")]


class RequestBody(BaseModel):
    """Base of request bodies: unknown fields are refused, and true or false where a number belongs."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool):
            kinds = set(_kinds(cls.model_fields[info.field_name or ""].annotation))
            if kinds & {int, float} and bool not in kinds:
                raise PydanticKnownError("int_type")
        return value


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types of which an annotation is made: of `Id | None` int and None."""
    yield annotation
    for each in get_args(annotation):
        yield from _kinds(each)


class PageQuery(BaseModel):
    """Where a page of a list begins and how long it is."""

    cursor: str = Field("", max_length=64, description="`next_cursor` of the page before.")
    limit: int = Field(PAGE, ge=1, le=MOST)

    @property
    def after(self) -> int | None:
        """The id after which the page begins; BadInput for an invalid cursor."""
        if not self.cursor:
            return None
        try:
            number = int(base64.urlsafe_b64decode(self.cursor.encode("ascii")))
        except (ValueError, binascii.Error) as error:
            raise BadInput("«cursor» is none that was given here.") from error
        if not 0 < number <= LARGEST:
            raise BadInput("«cursor» is none that was given here.")
        return number


class Paged(BaseModel, Generic[T]):
    """A page of a list."""

    data: list[T]
    next_cursor: str | None = Field(description="Where the next page begins; null: this is the last.")


def cursor_of(last_id: int) -> str:
    """The cursor of the page after this id."""
    return base64.urlsafe_b64encode(str(last_id).encode()).decode()


def page_of(rows: list[Any], limit: int, ids: Any) -> tuple[list[Any], str | None]:
    """The rows of a page (one more was read) and the cursor of the next page; `ids` returns a row's id."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_of(ids(rows[limit - 1]))


def at(ms: int | None) -> str | None:
    """An instant in the form of an answer."""
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z") if ms else None


def ms_of(instant: datetime | None) -> int | None:
    """An instant from a request, in ms; BadInput outside the years 2000 to 2200."""
    if instant is None:
        return None
    if not 2000 <= instant.year <= 2200:
        raise BadInput("An instant lies in the years 2000 to 2200.")
    return int(instant.timestamp() * 1000)


Instant = AwareDatetime
