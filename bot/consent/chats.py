"""Where a person may be reminded: the chat of the one who agreed to it, on the channel they agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping, and_, select

from bot.consent.ledger import Ledger
from bot.consent.roles import guardians
from bot.store.db import reading
from bot.store.tables import case_file, case_role, consent, contact, conversation, link, person

PURPOSE = "reminders"


@dataclass(frozen=True)
class Chat:
    """A chat that may carry reminders about a person."""

    conversation_id: str
    channel: str
    address: bytes
    locale: str | None
    owner: str
    hidden_at: datetime | None
    last_inbound_at: datetime | None


class Chats:
    """Reads; decides nothing that the consent does not say."""

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        self._engine, self._ledger = engine, ledger

    def people(self) -> Sequence[str]:
        """Everybody about whom a consent to reminders was given and not withdrawn."""
        query = select(consent.c.person_id).where(consent.c.purpose == PURPOSE, consent.c.withdrawn_at.is_(None)).distinct()
        with reading(self._engine).connect() as connection:
            return connection.scalars(query.order_by(consent.c.person_id)).all()

    def of(self, person_id: str, now: datetime) -> Chat | None:
        """The chat that was written from last, of those linked to whoever gave a consent that is live there; None for no such.

        An adult agrees for themselves; for a minor the guardian of record does, with the child's assent, and is reminded too.
        """
        given = and_(consent.c.purpose == PURPOSE, consent.c.withdrawn_at.is_(None), consent.c.channel == contact.c.channel)
        query = (
            select(
                *(
                    conversation.c.id.label("conversation_id"),
                    conversation.c.locale,
                    conversation.c.owner,
                    conversation.c.hidden_at,
                ),
                *(contact.c.channel, contact.c.address, contact.c.last_inbound_at),
                *(consent.c.id.label("consent_id"), consent.c.given_by_person_id, consent.c.child_assented, person.c.minor),
            )
            .join(link, link.c.contact_id == contact.c.id)
            .join(conversation, conversation.c.contact_id == contact.c.id)
            .join(consent, and_(consent.c.given_by_person_id == link.c.person_id, given))
            .join(person, person.c.id == consent.c.person_id)
            .where(consent.c.person_id == person_id, link.c.revoked_at.is_(None), person.c.erased_at.is_(None))
            .where(contact.c.opted_out_at.is_(None), contact.c.blocked_at.is_(None))
        )
        with reading(self._engine).connect() as connection:
            found = [row for row in connection.execute(query).mappings() if self._given(row, person_id)]
            speaking = set(connection.scalars(guardians(person_id))) if any(row["minor"] for row in found) else set()
        spoken = [row for row in found if not row["minor"] or row["given_by_person_id"] in speaking]
        live = [row for row in spoken if self._live(row, person_id, now)]
        latest = max(live, key=lambda row: (row["last_inbound_at"] is not None, row["last_inbound_at"]), default=None)
        return Chat(**{name: latest[name] for name in Chat.__dataclass_fields__}) if latest else None

    def case_of(self, person_id: str) -> str | None:
        """The person's newest case that goes on and is not on hold: of others nothing is said, not even a date."""
        query = (
            select(case_role.c.case_id)
            .join(case_file, case_file.c.id == case_role.c.case_id)
            .where(case_role.c.person_id == person_id, case_role.c.ended_at.is_(None))
            .where(case_file.c.closed_at.is_(None), case_file.c.safety_hold.is_(False))
            .order_by(case_file.c.created_at.desc())
            .limit(1)
        )
        with reading(self._engine).connect() as connection:
            found: str | None = connection.scalar(query)
        return found

    @staticmethod
    def _given(row: RowMapping, person_id: str) -> bool:
        return bool(row["child_assented"]) if row["minor"] else row["given_by_person_id"] == person_id

    def _live(self, row: RowMapping, person_id: str, now: datetime) -> bool:
        newest = self._ledger.live(person_id, PURPOSE, row["channel"], now)
        return newest is not None and newest.id == row["consent_id"]
