"""Gateways: the trunks calls leave by, and their limits."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from engine import bounds, codecs
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Amount, Sentence, Word
from engine.services.numbering import dialled
from engine.states import AttemptState
from engine.store.audit_entries import record
from engine.store.sql import execute
from engine.store.tables.core import Gateway

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PREFIX = re.compile(r"[0-9]{1,14}")
_CALLER = re.compile(r"[0-9]{3,15}")
PTIMES_MS = (20, 40, 60)
# How keys arrive: as telephone-event, as tones in the voice, or not at all.
KEYS = ("events", "voice", "none")


def add(name: str, cps: float, channels: int, person_id: int | None, now: int, **others: Any) -> int:
    """Add a gateway, under its name in the switch's configuration; its id.  Audited."""
    if Gateway.get_or_none(Gateway.name == name):
        raise Conflict("There is a gateway '%(name)s' already.", name=name)
    values = _checked(name, {"cps": cps, "channels": channels, **others})
    row = Gateway.create(name=name, created_at=now, **values)
    record(person_id, None, "gateway.add", f"gateway {name}", now, after=values)
    log.info("action=gateway_added gateway=%s cps=%g channels=%d", name, cps, channels)
    return int(row.id)


def get(name: str) -> Gateway:
    row = Gateway.get_or_none(Gateway.name == name)
    if row is None:
        known = [row.name for row in Gateway.select().order_by(Gateway.name)]
        raise NotFound(
            "There is no gateway '%(name)s'; known: %(known)s.", name=name, known=known or Word("none")
        )
    return row


def known(names: Sequence[str]) -> list[str]:
    """`names` without repetition; BadInput names the first that is no gateway."""
    there = {row.name for row in Gateway.select(Gateway.name)}
    for name in names:
        if name not in there:
            raise BadInput(
                "There is no gateway '%(name)s'; known: %(known)s.",
                name=name,
                known=sorted(there) or Word("none"),
            )
    return list(dict.fromkeys(names))


def change(name: str, person_id: int | None, now: int, **values: Any) -> None:
    """Change limits or rules of a gateway; engines take them over within a second.  What changed is audited."""
    row = get(name)
    values = _checked(name, values, row)
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    if not changed:
        return
    Gateway.update(**changed).where(Gateway.id == row.id).execute()
    before = {key: getattr(row, key) for key in changed}
    record(person_id, None, "gateway.change", f"gateway {name}", now, before, changed)
    log.info("action=gateway_changed gateway=%s %s", name, " ".join(f"{k}={v}" for k, v in changed.items()))


def drain(name: str, is_draining: bool, person_id: int | None, now: int) -> None:
    """Stop placing calls on a gateway (calls in progress continue), or use it again."""
    change(name, person_id, now, is_draining=is_draining)


def ensure(name: str, cps: float, channels: int, now: int) -> Gateway:
    """The gateway of that name, made with these limits if it is not known yet."""
    row = Gateway.get_or_none(Gateway.name == name)
    if row is None:
        add(name, cps, channels, None, now)
        row = get(name)
    return row


def _checked(name: str, values: dict[str, Any], row: Gateway | None = None) -> dict[str, Any]:
    """The values as they are stored, of a gateway that there is (`row`) or not; BadInput names what is wrong."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            "A gateway's name has letters, digits, _ . and - only (at most 64), not '%(name)s'.", name=name
        )
    unknown = set(values) - set(Gateway._meta.fields) | ({"id", "name", "created_at"} & set(values))
    if unknown:
        raise BadInput("A gateway has no setting %(names)s.", names=sorted(unknown))
    _within(Sentence("Calls a second"), values.get("cps"), bounds.CPS)
    _within(Sentence("Channels"), values.get("channels"), bounds.CHANNELS)
    _within(Sentence("The weight"), values.get("weight"), bounds.WEIGHT)
    _within(Sentence("The priority"), values.get("priority"), bounds.PRIORITY)
    _within(Sentence("The cost"), values.get("cost_rials_a_minute"), bounds.COST_RIALS_A_MINUTE)
    if values.get("ptime_ms") not in (None, *PTIMES_MS):
        raise BadInput("The packet time is one of 20, 40, 60 ms, not %(ms)s.", ms=values["ptime_ms"])
    if values.get("keys") not in (None, *KEYS):
        raise BadInput(
            "How keys arrive is one of %(known)s, not %(given)s.", known=", ".join(KEYS), given=values["keys"]
        )
    for field, word, known in (
        ("transport", Sentence("The transport"), codecs.TRANSPORTS),
        ("srtp", Sentence("SRTP"), codecs.SRTP),
        ("voice_to", Sentence("Where voice is sent"), codecs.VOICE_TO),
    ):
        if values.get(field) not in (None, *known):
            raise BadInput(
                "%(what)s of a gateway is one of %(known)s, not %(given)s.",
                what=word,
                known=", ".join(known),
                given=values[field],
            )
    if values.get("caller_id") and not _CALLER.fullmatch(values["caller_id"]):
        raise BadInput("The caller id '%(number)s' is not 3 to 15 digits.", number=values["caller_id"])
    for prefix in (values.get("prefixes") or "").split():
        if not _PREFIX.fullmatch(prefix):
            raise BadInput(
                "The prefix '%(prefix)s' is not digits (without + or 0 in front, as in 98912).", prefix=prefix
            )
    form, prefix = (
        values.get(field, getattr(row, field) if row is not None else default)
        for field, default in (("number_format", dialled.DEFAULT), ("dial_prefix", ""))
    )
    dialled.check(form, prefix)
    if values.get("codecs") is None:
        return values
    return {**values, "codecs": ",".join(codecs.read(values["codecs"]))}


def _within(what: Sentence, value: Any, within: bounds.Bounds) -> None:
    if value is not None and not within.hold(value):
        raise BadInput(
            "%(what)s of a gateway must be from %(low)s to %(high)s, not %(value)s.",
            what=what,
            low=Amount(within.least),
            high=Amount(within.most),
            value=Amount(value),
        )


def by_id(gateway_id: int) -> Gateway:
    """A gateway; NotFound otherwise."""
    row: Gateway | None = Gateway.get_or_none(Gateway.id == gateway_id)
    if row is None:
        raise NotFound("There is no gateway %(gateway)s.", gateway=gateway_id)
    return row


def all_gateways() -> list[Gateway]:
    """In the order in which they are tried."""
    return list(Gateway.select().order_by(Gateway.priority, Gateway.name))


def calls_on() -> dict[int, int]:
    """Calls that are up, by gateway id."""
    rows = execute(
        "SELECT gateway_id, COUNT(*) FROM attempt WHERE state <> ? GROUP BY gateway_id",
        [AttemptState.ENDED.value],
    )
    return {int(gateway_id): int(count) for gateway_id, count in rows}


def common_names(campaign: str, account: str) -> frozenset[str] | None:
    """The gateways that both lists permit; a list is names separated by blanks, empty for all.  None: all."""
    named = [frozenset(names.split()) for names in (campaign, account) if names.split()]
    return frozenset.intersection(*named) if named else None
