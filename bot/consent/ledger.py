"""Consents and releases: who agreed to what, on which channel, under which text, and what was taken back.

A row is never changed but for the moment it was taken back. Withdrawing needs no reason and takes everything at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, or_, select, update

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.store.db import reading
from bot.store.tables import consent, guardianship, person, release

CONSENT_LIFE = timedelta(days=365)
TEXT_VERSIONS = ("2026-11",)  # those whose words still say what we do; an older one has to be asked for again
TEXT_VERSION = TEXT_VERSIONS[-1]
PURPOSES = ("case_status", "reminders")


class LedgerError(Exception):
    """A consent that cannot be: an unknown purpose, channel or text, or a release to oneself."""


@dataclass(frozen=True)
class Consent:
    """One consent. `person_id` is whose data it is about, `given_by` the same person or their guardian."""

    id: int
    person_id: str
    given_by: str
    purpose: str
    channel: str
    text_version: str
    child_assented: bool | None
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None

    def live_at(self, now: datetime) -> bool:
        """Not withdrawn, not expired, and given under words that still hold."""
        return self.withdrawn_at is None and now < self.expires_at and self.text_version in TEXT_VERSIONS


class Ledger:
    """Writes and reads consents and releases. What writes takes the caller's transaction and adds the audit line."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def give(
        self,
        connection: Connection,
        person_id: str,
        given_by: str,
        purpose: str,
        channel: str,
        text_version: str,
        child_assented: bool | None,
        now: datetime,
    ) -> None:
        """Notes a consent for a year. Raises LedgerError; whether it suffices for a minor is for the policy to say."""
        if purpose not in PURPOSES or channel not in set(ChannelName) or text_version not in TEXT_VERSIONS:
            raise LedgerError("unknown purpose, channel or text version of a consent")
        row = {"person_id": person_id, "given_by_person_id": given_by, "purpose": purpose, "channel": channel}
        text = {"text_version": text_version, "child_assented": child_assented}
        connection.execute(insert(consent).values(**row, **text, given_at=now, expires_at=now + CONSENT_LIFE))
        audit.record(connection, now, "bot", f"consent:{purpose}", "given", person_id)

    def withdraw(self, connection: Connection, person_id: str, now: datetime, purpose: str | None = None) -> int:
        """Ends every consent about the person or given by them, on all channels (or those for one purpose); without a purpose
        their releases to others too, and those they gave for a child. Gives how many ended."""
        mine = [or_(consent.c.person_id == person_id, consent.c.given_by_person_id == person_id), consent.c.withdrawn_at.is_(None)]
        if purpose is not None:
            mine.append(consent.c.purpose == purpose)
        ended = connection.execute(update(consent).where(*mine).values(withdrawn_at=now)).rowcount
        if purpose is None:
            children = select(guardianship.c.ward_id).join(person, person.c.id == guardianship.c.ward_id)
            theirs = children.where(guardianship.c.guardian_id == person_id, person.c.minor)
            mine_to_give = or_(release.c.from_person_id == person_id, release.c.from_person_id.in_(theirs))
            given = and_(mine_to_give, release.c.withdrawn_at.is_(None))
            ended += connection.execute(update(release).where(given).values(withdrawn_at=now)).rowcount
        audit.record(connection, now, "bot", f"consent:{purpose or 'all'}", "withdrawn", person_id)
        return ended

    def live(self, person_id: str, purpose: str, channel: str, now: datetime) -> Consent | None:
        """The newest live consent about a person for this purpose on this channel."""
        found = (row for row in self.of(person_id) if (row.purpose, row.channel) == (purpose, channel))
        return next((row for row in found if row.live_at(now)), None)

    def of(self, person_id: str) -> list[Consent]:
        """Every consent about a person, newest first, also those that ended."""
        with reading(self._engine).connect() as connection:
            return consents(connection, person_id)

    def release(self, connection: Connection, case_id: str, from_person: str, to_person: str, now: datetime) -> None:
        """One person lets another of the same case see their part; the other way round needs a release of its own."""
        if from_person == to_person:
            raise LedgerError("nobody releases anything to themselves")
        between = _between(case_id, from_person, to_person)
        if connection.execute(select(release.c.id).where(between)).first() is None:
            row = {"case_id": case_id, "from_person_id": from_person, "to_person_id": to_person}
            connection.execute(insert(release).values(**row, given_at=now))
        audit.record(connection, now, "bot", "release", "given", from_person, case_id)

    def withdraw_release(self, connection: Connection, case_id: str, from_person: str, to_person: str, now: datetime) -> int:
        """Ends a release at once; gives how many there were."""
        between = _between(case_id, from_person, to_person)
        ended = connection.execute(update(release).where(between).values(withdrawn_at=now)).rowcount
        audit.record(connection, now, "bot", "release", "withdrawn", from_person, case_id)
        return ended


def consents(connection: Connection, person_id: str) -> list[Consent]:
    """Every consent about a person, newest first, within a transaction of the caller's."""
    rows = connection.execute(select(consent).where(consent.c.person_id == person_id).order_by(consent.c.id.desc()))
    return [Consent(*row) for row in rows]


def released(connection: Connection, case_id: str, from_person: str, to_person: str) -> bool:
    """True while `from_person` lets `to_person` see their part of the case."""
    return connection.execute(select(release.c.id).where(_between(case_id, from_person, to_person))).first() is not None


def _between(case_id: str, from_person: str, to_person: str) -> ColumnElement[bool]:
    ends = and_(release.c.from_person_id == from_person, release.c.to_person_id == to_person)
    return and_(ends, release.c.case_id == case_id, release.c.withdrawn_at.is_(None))
