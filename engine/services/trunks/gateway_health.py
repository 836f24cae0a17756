"""The health of gateways as the engines see it: at full rate, slowed, or paused; written by them, read by screens.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from peewee import BigIntegerField, CharField, CompositeKey, DoubleField

from engine.sentences import Instant, Sentence
from engine.store.tables.core import Gateway, Table

FRESH_MS = 15_000  # a report older than this says nothing about the present

CLOSED, OPEN, PROBING, REFUSED, NO_CODEC = (
    "closed",
    "open",
    "probing",
    "refused",
    "no_codec",
)  # of the breaker, as engine.dialing.health has them
_SENTENCES = {
    "slowed": Sentence(
        "The carrier refuses %(share)s %% of the calls: it is given %(cps)s of %(full)s calls a second."
    ),
    "climbing": Sentence("It was congested and climbs back: it is given %(cps)s of %(full)s calls a second."),
    OPEN: Sentence(
        "Nearly every call failed: nobody is called by it until %(at)s, then single calls try it."
    ),
    REFUSED: Sentence(
        "The carrier does not accept the account of this gateway: check user name, password and "
        "caller id. Nobody is called by it until %(at)s, then a single call tries it."
    ),
    NO_CODEC: Sentence(
        "The carrier takes none of the codecs, or not the encryption, that this gateway offers. Nobody is "
        "called by it until %(at)s, then a single call tries it."
    ),
    PROBING: Sentence("Nearly every call failed: single calls try whether it is back."),
}


class GatewayHealthSeen(Table):
    """A gateway as one engine last found it."""

    gateway_id = BigIntegerField()
    engine = CharField(100)
    state = CharField(10)  # of its breaker: closed, open, probing, refused
    factor = DoubleField()  # share of its rate that it is given
    cps = DoubleField()  # what that comes to, of this engine's part
    fault_share = DoubleField()  # of the calls that ended in the last 20 s, by the carrier's fault
    reopens_at = BigIntegerField(null=True)
    since_at = BigIntegerField()  # when the state, or whether it is slowed, last changed
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("gateway_id", "engine")

    @property
    def is_well(self) -> bool:
        return self.state == CLOSED and self.factor >= 1.0

    @property
    def kind(self) -> str:
        """What the sentence is of; empty when nothing is wrong."""
        if self.state != CLOSED:
            return str(self.state)
        if self.is_well:
            return ""
        return "slowed" if self.fault_share >= 0.1 else "climbing"

    @property
    def sentence(self) -> Sentence | None:
        """What is wrong; None when nothing is."""
        if not self.kind:
            return None
        return Sentence(
            _SENTENCES[self.kind],
            share=round(self.fault_share * 100),
            cps=f"{self.cps:.1f}",
            full=f"{self.cps / self.factor:.3g}" if self.factor else "0",
            at=Instant(self.reopens_at) if self.reopens_at else "—",
        )


def note(rows: list[dict[str, object]]) -> None:
    """Keep what an engine found (values of all fields)."""
    for row in rows:
        GatewayHealthSeen.insert(**row).on_conflict(
            conflict_target=[GatewayHealthSeen.gateway_id, GatewayHealthSeen.engine],
            update={key: value for key, value in row.items() if key not in ("gateway_id", "engine")},
        ).execute()


def seen_of(now: int) -> dict[int, list[GatewayHealthSeen]]:
    """Each gateway as the engines find it at present, by the gateway's id."""
    out: dict[int, list[GatewayHealthSeen]] = {row.id: [] for row in Gateway.select(Gateway.id)}
    rows = GatewayHealthSeen.select().where(GatewayHealthSeen.at > now - FRESH_MS)
    for row in rows.order_by(GatewayHealthSeen.engine):
        if row.gateway_id in out:
            out[row.gateway_id].append(row)
    return out


def failing(now: int) -> list[tuple[str, GatewayHealthSeen]]:
    """The gateways whose breaker is not closed somewhere, by name."""
    names = {row.id: row.name for row in Gateway.select(Gateway.id, Gateway.name).where(~Gateway.is_draining)}
    rows = GatewayHealthSeen.select().where(
        GatewayHealthSeen.at > now - FRESH_MS, GatewayHealthSeen.state != CLOSED
    )
    found = {names[row.gateway_id]: row for row in rows if row.gateway_id in names}
    return sorted(found.items())


def forget_old(now: int) -> None:
    """Remove the reports of engines that are gone."""
    GatewayHealthSeen.delete().where(GatewayHealthSeen.at < now - 86_400_000).execute()
