"""A reply that is sent twice is written once; other words of the same form are not lost; on both databases."""

from __future__ import annotations

from engine.services.tickets import tickets
from engine.store.tables.support import Delivery, TicketMessage
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, opened, verified_address

NOW = at("1405-08-30 10:00")


def texts(ticket: int) -> list[str]:
    rows = TicketMessage.select().where(TicketMessage.ticket_id == ticket).order_by(TicketMessage.id)
    return read(lambda: [row.text for row in rows])[1:]


def test_the_same_form_twice(cast: Cast) -> None:
    ticket, other = opened(cast, "support", "1405-08-30 09:00"), opened(cast, "support", "1405-08-30 09:00")
    write(lambda: verified_address(cast.owner, cast.account, "email", "a@b.test", ["tickets"], NOW))
    first = write(lambda: tickets.reply(cast.agent, ticket, "Here.", NOW, key="a"))
    told = read(Delivery.select().count)
    assert write(lambda: tickets.reply(cast.agent, ticket, " Here. ", NOW + 1, key="a")) == first
    assert texts(ticket) == ["Here."]
    assert read(Delivery.select().count) == told > 0
    assert write(lambda: tickets.reply(cast.agent, other, "Here.", NOW, key="a")) != first  # another ticket


def test_other_words_after_going_back(cast: Cast) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, ticket, "Here.", NOW, key="a"))
    write(lambda: tickets.reply(cast.agent, ticket, "And there.", NOW, key="a"))
    write(lambda: tickets.reply(cast.agent, ticket, "Here.", NOW, key="a", internal=True))
    write(lambda: tickets.reply(cast.owner, ticket, "Here.", NOW, key="a"))
    assert texts(ticket) == ["Here.", "And there.", "Here.", "Here."]


def test_without_a_key_each_is_written(cast: Cast) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    for _ in range(2):
        write(lambda: tickets.reply(cast.owner, ticket, "Hello?", NOW))
    assert texts(ticket) == ["Hello?", "Hello?"]
