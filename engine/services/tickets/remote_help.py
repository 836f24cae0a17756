"""Remote help: a time that both sides agree on, the tool, and a one-time id that is forgotten afterwards.

The customer gives the id shortly before; only the agent of the appointment sees
it, and it is wiped when the help is done, cancelled, or its time is over.  It
is in no log, no history and no message.
"""

from __future__ import annotations

import logging
import re

from engine.agreement.dates import instant_text
from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.accounts.permissions import TICKET_ROLES, Actor, is_staff, require_role
from engine.services.tickets import clocks
from engine.services.tickets.access import ticket_for
from engine.states import RemoteState, TicketState
from engine.store.tables.support import RemoteHelp, Ticket

log = logging.getLogger(__name__)

TOOLS: dict[str, str] = {"anydesk": "AnyDesk", "teamviewer": "TeamViewer"}
MAX_LENGTH_MS = 4 * 3_600_000
EARLY_MS = 24 * 3_600_000  # an id given earlier than this before the time would lie about
_LIVE = (RemoteState.PROPOSED, RemoteState.AGREED)
_SECRET = re.compile(r"[0-9A-Za-z@._ -]{4,64}")


def propose(person: Actor, ticket_id: int, tool: str, starts_at: int, ends_at: int, now: int) -> int:
    """Name a time and a tool; the other side agrees.  A proposal that was open is replaced; the new one's id."""
    ticket = ticket_for(person, ticket_id)
    if ticket.state == TicketState.CLOSED:
        raise Conflict("Ticket %(id)s is closed.", id=ticket_id)
    if tool not in TOOLS:
        raise BadInput("Remote help goes by one of %(tools)s.", tools=list(TOOLS.values()))
    if starts_at <= now or not 0 < ends_at - starts_at <= MAX_LENGTH_MS:
        raise BadInput("The time of remote help lies in the future and has at most four hours.")
    for row in of_ticket(ticket_id):
        if row.state in _LIVE:
            _end(row, RemoteState.CANCELLED, person.id, now)
    staff = is_staff(person)
    row = RemoteHelp.create(
        ticket_id=ticket_id,
        account_id=ticket.account_id,
        tool=tool,
        starts_at=starts_at,
        ends_at=ends_at,
        proposed_by_staff=staff,
        agent_id=person.id if staff else None,
        created_at=now,
    )
    clocks.note(ticket_id, "remote_proposed", person.id, now, new=f"{TOOLS[tool]} {_when(row)}")
    return int(row.id)


def agree(person: Actor, remote_id: int, now: int) -> None:
    """Accept the other side's proposal; the member of staff who accepts becomes its agent."""
    row = _row(person, remote_id)
    staff = is_staff(person)
    if staff == row.proposed_by_staff:
        raise Conflict("The other side agrees to a proposal.")
    if row.starts_at <= now:
        raise Conflict("The time that was proposed has passed.")
    changed = (
        RemoteHelp.update(state=RemoteState.AGREED, agent_id=person.id if staff else row.agent_id)
        .where(RemoteHelp.id == remote_id, RemoteHelp.state == RemoteState.PROPOSED)
        .execute()
    )
    if not changed:
        raise Conflict("This appointment is not waiting for an answer.")
    clocks.note(row.ticket_id, "remote_agreed", person.id, now, new=_when(row))


def give_id(person: Actor, remote_id: int, secret: str, now: int) -> None:
    """The customer gives the one-time id of the agreed appointment; a second one replaces the first."""
    row = _row(person, remote_id)
    secret = secret.strip()
    if not _SECRET.fullmatch(secret):
        raise BadInput("The one-time id is what AnyDesk or TeamViewer shows, 4 to 64 letters and digits.")
    if row.starts_at - now > EARLY_MS:
        raise BadInput("Give the one-time id on the day of the appointment, not before.")
    changed = (
        RemoteHelp.update(secret=secret, secret_given_at=now, secret_gone_at=None)
        .where(RemoteHelp.id == remote_id, RemoteHelp.state == RemoteState.AGREED, RemoteHelp.ends_at > now)
        .execute()
    )
    if not changed:
        raise Conflict("There is no agreed appointment that the id could be for.")
    clocks.note(row.ticket_id, "remote_id_given", person.id, now)


def read_id(person: Actor, remote_id: int, now: int) -> str:
    """The one-time id, for the agent of the appointment until it ends; each look is in the history.

    NotAllowed for others, NotFound when it is not there or gone.
    """
    require_role(person, TICKET_ROLES)
    row = _row(person, remote_id)
    if row.agent_id != person.id:
        raise NotAllowed("Only the agent of the appointment sees the one-time id.")
    if row.state != RemoteState.AGREED or row.ends_at <= now or not row.secret:
        raise NotFound("There is no one-time id (any more).")
    clocks.note(row.ticket_id, "remote_id_read", person.id, now)
    return str(row.secret)


def finish(person: Actor, remote_id: int, now: int) -> None:
    """Mark the help as given; wipes the id."""
    require_role(person, TICKET_ROLES)
    _end(_row(person, remote_id), RemoteState.DONE, person.id, now)


def cancel(person: Actor, remote_id: int, now: int) -> None:
    """Cancel the appointment, by either side; wipes the id."""
    _end(_row(person, remote_id), RemoteState.CANCELLED, person.id, now)


def expire(now: int) -> int:
    """Wipe the ids of appointments whose time is over; how many ended.  Running it twice changes nothing."""
    rows = list(RemoteHelp.select().where(RemoteHelp.state.in_(_LIVE), RemoteHelp.ends_at <= now))
    for row in rows:
        _end(row, RemoteState.MISSED, None, now)
    return len(rows)


def of_ticket(ticket_id: int) -> list[RemoteHelp]:
    """The appointments of a ticket, the newest first, without the id."""
    columns = [field for field in RemoteHelp._meta.sorted_fields if field.name != "secret"]
    query = RemoteHelp.select(*columns).where(RemoteHelp.ticket_id == ticket_id)
    return list(query.order_by(RemoteHelp.id.desc()))


def _row(person: Actor, remote_id: int) -> RemoteHelp:
    row = RemoteHelp.get_or_none(RemoteHelp.id == remote_id)
    if row is None:
        raise NotFound("There is no appointment %(id)s.", id=remote_id)
    ticket_for(person, row.ticket_id)
    return row


def _end(row: RemoteHelp, new: RemoteState, author_id: int | None, now: int) -> None:
    changed = (
        RemoteHelp.update(state=new, secret="", secret_gone_at=now)
        .where(RemoteHelp.id == row.id, RemoteHelp.state.in_(_LIVE))
        .execute()
    )
    if not changed:
        raise Conflict("This appointment has ended already.")
    clocks.note(row.ticket_id, f"remote_{new}", author_id, now, old=_when(row))
    Ticket.update(changed_at=now).where(Ticket.id == row.ticket_id).execute()
    log.info("action=remote_help_ended remote=%d ticket=%d state=%s", row.id, row.ticket_id, new)


def _when(row: RemoteHelp) -> str:
    return f"{instant_text(row.starts_at // 1000)} to {instant_text(row.ends_at // 1000, is_end=True)}"


def ticket_of(remote_id: int) -> int:
    """The ticket that an arrangement belongs to; 0 when there is no such arrangement."""
    row = RemoteHelp.get_or_none(RemoteHelp.id == remote_id)
    return int(row.ticket_id) if row is not None else 0
