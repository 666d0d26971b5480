"""Every trace of a person or of a chat in the database, and how it is taken away: the one list that erasure and retention share.

The audit log keeps its lines (they hold identifiers only), and a row of `person` stays, empty, as long as a case names it:
its keyed hash keeps an import from bringing back somebody who asked to be erased.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, or_, select, update

from bot.consent import audit
from bot.store.tables import (
    appointment,
    case_role,
    consent,
    contact,
    conversation,
    guardianship,
    inbox,
    itinerary,
    link,
    link_code,
    outbox,
    person,
    release,
    reminder,
    ticket,
)

#: A ticket in any other state is somebody's work, and what it points to stays.
FINISHED_TICKETS = ("closed",)


def blank_person(connection: Connection, person_id: str, now: datetime) -> None:
    """Takes away all that is known of a person, and every way to show it; again does no harm. The key is the caller's to destroy."""
    for table in (appointment, itinerary, link, link_code, reminder, consent):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    connection.execute(delete(release).where(or_(release.c.from_person_id == person_id, release.c.to_person_id == person_id)))
    # What they agreed to for somebody else is no longer anybody's consent.
    given = and_(consent.c.given_by_person_id == person_id, consent.c.withdrawn_at.is_(None))
    connection.execute(update(consent).where(given).values(withdrawn_at=now))
    connection.execute(delete(outbox).where(outbox.c.guard.like(f"%:{person_id}%")))
    told = {"proved_person_id": None, "proved_until": None, "secret": None}
    connection.execute(update(conversation).where(conversation.c.proved_person_id == person_id).values(told))
    mine = case_role.c.person_id == person_id
    connection.execute(update(case_role).where(mine, case_role.c.ended_at.is_(None)).values(ended_at=now))
    connection.execute(update(case_role).where(mine).values(milestone=None, milestone_at=None))
    spoke = connection.execute(select(guardianship).where(guardianship.c.ward_id == person_id)).all()
    theirs = or_(guardianship.c.guardian_id == person_id, guardianship.c.ward_id == person_id)
    connection.execute(delete(guardianship).where(theirs))
    for row in spoke:
        end_idle_guardian(connection, row.case_id, row.guardian_id, now)
    nothing = {"details": b"", "minor": False, "pin_hash": None, "duress_hash": None, "wrong_tries": 0, "locked_until": None}
    connection.execute(update(person).where(person.c.id == person_id).values(nothing))
    connection.execute(update(person).where(person.c.id == person_id, person.c.erased_at.is_(None)).values(erased_at=now))


def end_idle_guardian(connection: Connection, case_id: str, person_id: str, now: datetime) -> bool:
    """Ends the role of somebody who is nothing else in the case than a guardian and speaks for nobody any longer."""
    theirs = and_(guardianship.c.case_id == case_id, guardianship.c.guardian_id == person_id, guardianship.c.ended_at.is_(None))
    role = and_(case_role.c.case_id == case_id, case_role.c.person_id == person_id, case_role.c.role == "guardian")
    ended = update(case_role).where(role, case_role.c.ended_at.is_(None), ~exists().where(theirs)).values(ended_at=now)
    return bool(connection.execute(ended).rowcount)


def drop_person(connection: Connection, person_id: str) -> None:
    """Removes the empty row of somebody whom no case names any longer."""
    connection.execute(delete(consent).where(consent.c.given_by_person_id == person_id))
    connection.execute(delete(person).where(person.c.id == person_id))


def drop_chat(connection: Connection, conversation_id: str, now: datetime) -> None:
    """Takes away a chat: its messages, its address, its links. Of a chat with work left for staff an empty row stays.
    The key is the caller's to destroy, after the transaction.

    Whoever holds the chat at this moment loses the lease, so that nothing is written to it afterwards. Writes to the audit
    log: make it the last thing of the transaction.
    """
    here = conversation.c.id == conversation_id
    contact_id = connection.scalar(select(conversation.c.contact_id).where(here).with_for_update())
    if contact_id is None:
        return
    live = and_(link.c.contact_id == contact_id, link.c.revoked_at.is_(None))
    unlinked = connection.scalars(select(link.c.person_id).where(live)).all()
    connection.execute(delete(link).where(link.c.contact_id == contact_id))
    used = link_code.c.used_by_contact_id == contact_id
    connection.execute(update(link_code).where(used).values(used_by_contact_id=None))
    connection.execute(delete(reminder).where(reminder.c.conversation_id == conversation_id))
    connection.execute(delete(outbox).where(outbox.c.conversation_id == conversation_id))
    finished = ticket.c.state.in_(FINISHED_TICKETS)
    connection.execute(delete(ticket).where(ticket.c.conversation_id == conversation_id, finished))
    connection.execute(update(ticket).where(ticket.c.conversation_id == conversation_id).values(inbox_id=None))
    connection.execute(delete(inbox).where(inbox.c.conversation_id == conversation_id))
    if connection.scalar(select(ticket.c.id).where(ticket.c.conversation_id == conversation_id).limit(1)) is None:
        connection.execute(delete(conversation).where(here))
        connection.execute(delete(contact).where(contact.c.id == contact_id))
    else:
        _empty_chat(connection, conversation_id, contact_id, now)
    for person_id in unlinked:  # the log last: it holds up whoever appends next
        audit.record(connection, now, "system", "link", "ended with the chat", person_id)


def _empty_chat(connection: Connection, conversation_id: str, contact_id: int, now: datetime) -> None:
    empty = ("locale", "offered", "kept_inbox_id", "lease_owner", "lease_until", "retry_at", "secret", "proved_person_id")
    values = {**dict.fromkeys((*empty, "proved_until", "hidden_at")), "locale_state": "unknown", "updated_at": now}
    connection.execute(update(conversation).where(conversation.c.id == conversation_id).values(values))
    gone = {
        "address": b"",
        "address_hash": f"erased:{contact_id}",
        "opted_out_at": None,
        "blocked_at": None,
        "last_inbound_at": None,
    }
    connection.execute(update(contact).where(contact.c.id == contact_id).values(gone))
