"""How long things are kept, as conditions on the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select

from bot.consent.traces import FINISHED_TICKETS
from bot.settings import Settings
from bot.store.tables import (
    audit,
    case_file,
    case_role,
    contact,
    conversation,
    erasure,
    inbox,
    link,
    link_code,
    outbox,
    person,
    reminder,
    ticket,
)

#: Spent codes, reminders that are over and erasures that were taken back: long enough to answer a question about them.
SPENT = timedelta(days=30)
UNSENT = ("waiting", "sending")
#: The empty rows of people whom no case names any longer.
UNNAMED = and_(person.c.erased_at.is_not(None), not_(exists().where(case_role.c.person_id == person.c.id)))


@dataclass(frozen=True)
class Periods:
    """How long things are kept."""

    messages: timedelta
    closed_cases: timedelta
    audit: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Periods:
        """From the settings."""
        days = (settings.keep_messages_days, settings.keep_closed_cases_days, settings.keep_audit_days)
        return cls(*(timedelta(days=each) for each in days))


class Rules:
    """Which rows are over their time at a moment, as conditions. None depends on another rule having run before."""

    def __init__(self, periods: Periods, now: datetime) -> None:
        messages, spent, cases = now - periods.messages, now - SPENT, now - periods.closed_cases
        self.audit = audit.c.at < now - periods.audit
        self.outbox = and_(outbox.c.created_at < messages, outbox.c.state.not_in(UNSENT))
        self.tickets = and_(ticket.c.created_at < messages, ticket.c.state.in_(FINISHED_TICKETS))
        self.inbox = and_(
            inbox.c.received_at < messages,
            inbox.c.state != "received",
            not_(exists().where(outbox.c.inbox_id == inbox.c.id, not_(self.outbox))),
            not_(exists().where(ticket.c.inbox_id == inbox.c.id, not_(self.tickets))),
        )
        self.reminders = and_(reminder.c.due_at < spent, reminder.c.state != "waiting")
        self.codes = or_(link_code.c.expires_at < spent, link_code.c.used_at < spent, link_code.c.revoked_at < spent)
        self.links = and_(link.c.revoked_at.is_not(None), link.c.revoked_at < messages)
        self.receipts = or_(erasure.c.cancelled_at < spent, erasure.c.done_at < cases)
        self.cases = case_file.c.closed_at < cases
        self.chats = and_(conversation.c.updated_at < messages, *self._left_by_all())

    def _left_by_all(self) -> list[ColumnElement[bool]]:
        """Nothing in the chat is kept, and nobody is linked to it. An opt-out outlives the chat, so that it goes on to hold."""
        going = select(person.c.id).where(self.people)
        kept_link = and_(not_(self.links), link.c.person_id.not_in(going))
        kept_reminder = and_(not_(self.reminders), reminder.c.person_id.not_in(going))
        rows = ((inbox, not_(self.inbox)), (outbox, not_(self.outbox)), (ticket, not_(self.tickets)), (reminder, kept_reminder))
        none_kept = [not_(exists().where(table.c.conversation_id == conversation.c.id, kept)) for table, kept in rows]
        return [
            *none_kept,
            not_(exists().where(link.c.contact_id == conversation.c.contact_id, kept_link)),
            not_(exists().where(erasure.c.conversation_id == conversation.c.id, erasure.c.cancelled_at.is_(None))),
            exists().where(contact.c.id == conversation.c.contact_id, contact.c.opted_out_at.is_(None)),
        ]

    @property
    def people(self) -> ColumnElement[bool]:
        """Everybody whose cases are all over their time, and the empty rows that no case names any longer."""
        named = exists().where(case_role.c.person_id == person.c.id)
        old = select(case_file.c.id).where(self.cases)
        kept = exists().where(case_role.c.person_id == person.c.id, case_role.c.case_id.not_in(old))
        return or_(UNNAMED, and_(named, not_(kept)))
