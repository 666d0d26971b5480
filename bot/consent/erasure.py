"""Erasing what is kept of a chat and of its person: asked for in the chat, done a week later, with a way back until then.

The keys of the chat and of the person are destroyed, so that what backups of the main database still hold of them opens no
more; everything else is removed from the tables, and Rasa forgets the talk. The receipt says when, never whose. An erasure is
done when all of that has happened: one that was interrupted, or could not reach Rasa, is done again from the beginning, which
changes nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, and_, insert, or_, select, update

from bot.cases.rows import subject
from bot.consent import audit
from bot.consent.memory import Memory, MemoryUnreachable
from bot.consent.traces import blank_person, drop_chat
from bot.store.db import reading
from bot.store.tables import conversation, erasure, inbox, link, outbox
from bot.store.vault import Vault, of_talk

log = structlog.get_logger()
WAITING_TIME = timedelta(days=7)
#: An answer this young may still be on its way to the person, and is waited for.
ON_ITS_WAY = timedelta(hours=1)
_ALPHABET, _GROUPS, _GROUP = "23456789ACDEFHJKMNPRTWXY", 3, 4
_OPEN = and_(erasure.c.cancelled_at.is_(None), erasure.c.done_at.is_(None))


@dataclass(frozen=True)
class Receipt:
    """What somebody who asked is told, and what the receipt says later. Holds nothing about a person."""

    receipt: str
    asked_at: datetime
    due_at: datetime
    cancelled_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True)
class Ran:
    """How many erasures were done, and how many are due but must wait (for an unread message, or for Rasa)."""

    done: int
    waiting: int


def new_receipt() -> str:
    """Twelve characters, easy to read out, that say nothing."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


class Erasures:
    """The table of erasures. Safe to share between threads."""

    def __init__(self, engine: Engine, vault: Vault, receipt: Callable[[], str] = new_receipt) -> None:
        self._engine, self._vault, self._receipt = engine, vault, receipt

    def ask(self, contact_id: int, conversation_id: str, now: datetime) -> Receipt:
        """Notes that this chat, and the person it is linked to, are to be erased in a week; asked again, the first one counts.

        Several people may share a phone: then only the one who has just proved themselves is erased with the chat, and
        nobody's record when none has. The others' links end with the chat.
        """
        with self._engine.begin() as connection:
            mine = select(erasure).where(erasure.c.conversation_id == conversation_id, _OPEN).order_by(erasure.c.id)
            if (row := connection.execute(mine.limit(1)).mappings().first()) is not None:
                return _read(row)
            person_id = self._whose(connection, contact_id, conversation_id, now)
            asked = Receipt(self._receipt(), now, now + WAITING_TIME)
            row_values = {"receipt": asked.receipt, "conversation_id": conversation_id, "person_id": person_id}
            connection.execute(insert(erasure).values(**row_values, asked_at=now, due_at=asked.due_at))
            audit.record(connection, now, "bot", "erasure", "asked", person_id)
        return asked

    def back(self, connection: Connection, conversation_id: str, now: datetime) -> int:
        """Takes back what was asked in this chat, and what was asked elsewhere for a person this chat is linked to: stopping
        an erasure protects, and needs no proof. Gives how many were stopped."""
        mine = (
            select(link.c.person_id)
            .join(conversation, conversation.c.contact_id == link.c.contact_id)
            .where(conversation.c.id == conversation_id, link.c.revoked_at.is_(None))
        )
        which = and_(_OPEN, or_(erasure.c.conversation_id == conversation_id, erasure.c.person_id.in_(mine)))
        stopped = connection.execute(select(erasure.c.id, erasure.c.person_id).where(which)).all()
        for row in stopped:
            connection.execute(update(erasure).where(erasure.c.id == row.id).values(cancelled_at=now))
            audit.record(connection, now, "bot", "erasure", "taken back", row.person_id)
        return len(stopped)

    def find(self, receipt: str) -> Receipt | None:
        """What became of an erasure, by its receipt as somebody reads it out."""
        bare = "".join(letter for letter in receipt.upper() if letter.isalnum())
        written = "-".join(bare[start : start + _GROUP] for start in range(0, len(bare), _GROUP))
        with reading(self._engine).connect() as connection:
            row = connection.execute(select(erasure).where(erasure.c.receipt == written)).mappings().first()
        return _read(row) if row else None

    def due(self, now: datetime) -> int:
        """How many erasures the next `run` will take up."""
        with reading(self._engine).connect() as connection:
            return len(connection.execute(self._due(now)).all())

    def run(self, now: datetime, memory: Memory) -> Ran:
        """Does every erasure whose time has come, oldest first."""
        with reading(self._engine).connect() as connection:
            rows = connection.execute(self._due(now)).all()
        done = sum(self._erase(row.id, row.conversation_id, row.person_id, now, memory) for row in rows)
        return Ran(done, len(rows) - done)

    def _due(self, now: datetime) -> Any:
        return select(erasure).where(_OPEN, erasure.c.due_at <= now).order_by(erasure.c.due_at, erasure.c.id)

    def _erase(self, erasure_id: int, conversation_id: str | None, person_id: str | None, now: datetime, memory: Memory) -> bool:
        mine = and_(erasure.c.id == erasure_id, _OPEN)
        with self._engine.begin() as connection:
            # Asked afresh and held: it may have been taken back since.
            if connection.execute(select(erasure.c.id).where(mine).with_for_update()).first() is None:
                return False
            if conversation_id and self._unread(connection, conversation_id, now):
                return False
            if person_id:
                blank_person(connection, person_id, now)
            if conversation_id:
                drop_chat(connection, conversation_id, now)
        if person_id:
            self._vault.destroy(subject(person_id))
        if conversation_id:
            self._vault.destroy(of_talk(conversation_id))
            try:
                memory.forget(conversation_id)
            except MemoryUnreachable as failure:
                log.error("an erasure waits for Rasa to forget", erasure_id=erasure_id, cause=str(failure))
                return False
        with self._engine.begin() as connection:
            # From here on the receipt is all that is left, and it names nobody.
            ended = {"done_at": now, "conversation_id": None, "person_id": None}
            if not connection.execute(update(erasure).where(mine).values(ended)).rowcount:
                return False
            audit.record(connection, now, "system", "erasure", "done", person_id)
        return True

    def _unread(self, connection: Connection, conversation_id: str, now: datetime) -> bool:
        """True while a message is unanswered or an answer is on its way: a cry for help is not erased unread."""
        connection.execute(select(conversation.c.id).where(conversation.c.id == conversation_id).with_for_update())
        arrived = select(inbox.c.id).where(inbox.c.conversation_id == conversation_id, inbox.c.state == "received")
        leaving = select(outbox.c.id).where(
            outbox.c.conversation_id == conversation_id,
            outbox.c.state.in_(("waiting", "sending")),
            outbox.c.created_at > now - ON_ITS_WAY,
        )
        return any(connection.execute(query.limit(1)).first() for query in (arrived, leaving))

    def _whose(self, connection: Connection, contact_id: int, conversation_id: str, now: datetime) -> str | None:
        live = select(link.c.person_id).where(link.c.contact_id == contact_id, link.c.revoked_at.is_(None))
        linked: set[str] = set(connection.scalars(live))
        if len(linked) == 1:
            return next(iter(linked))
        proved = select(conversation.c.proved_person_id).where(
            conversation.c.id == conversation_id, conversation.c.proved_until > now
        )
        found: str | None = connection.scalar(proved)
        return found if found in linked else None


def _read(row: Any) -> Receipt:
    return Receipt(row["receipt"], row["asked_at"], row["due_at"], row["cancelled_at"], row["done_at"])
