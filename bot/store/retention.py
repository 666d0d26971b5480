"""What is kept ends: each table's old rows go after the periods in the settings, `docs/data-we-keep.md` says which and why.

Rows are removed in small transactions, so that a busy gateway is not held up, and a run that is killed goes on with the next.
Nothing unfinished is ever removed: an unanswered message, an unsent part, an open ticket keep what they need. The audit log
is never shortened, since its chain would break: how much of it is over its time is only counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, update

from bot.cases.rows import subject
from bot.consent import audit
from bot.consent.erasure import Erasures
from bot.consent.memory import Memory
from bot.consent.traces import blank_person, drop_chat, drop_person
from bot.store.db import reading
from bot.store.periods import UNNAMED, Periods, Rules
from bot.store.sweep import sweep
from bot.store.tables import (
    appointment,
    case_file,
    case_role,
    conversation,
    erasure,
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
from bot.store.tables import audit as audit_table
from bot.store.vault import Vault, of_talk

BATCH = 500
#: Nothing written for so long: rather a clock that jumped ahead than a quiet month.
SILENCE = timedelta(days=30)


class RetentionError(Exception):
    """Nothing was removed; one line that says why and what to do."""


class Retention:
    """Removes what is over its time."""

    def __init__(self, engine: Engine, vault: Vault, erasures: Erasures, memory: Memory, periods: Periods) -> None:
        self._engine, self._vault, self._erasures, self._memory, self._periods = engine, vault, erasures, memory, periods

    def run(self, now: datetime, dry_run: bool = False, clock_is_right: bool = False) -> dict[str, int]:
        """Removes, does the erasures that are due, and says how many of each; a dry run counts the same and changes nothing.

        Raises RetentionError when nothing was written for a month: a clock that jumped ahead would make everything old.
        """
        rules = Rules(self._periods, now)
        simple: dict[str, tuple[Table, ColumnElement[bool]]] = {
            "messages sent": (outbox, rules.outbox),
            "tickets": (ticket, rules.tickets),
            "messages received": (inbox, rules.inbox),
            "reminders": (reminder, rules.reminders),
            "codes": (link_code, rules.codes),
            "links": (link, rules.links),
            "chats": (conversation, rules.chats),
            "receipts": (erasure, rules.receipts),
            "cases": (case_file, rules.cases),
            "people": (person, rules.people),
            "audit lines over their time (kept)": (audit_table, rules.audit),
        }
        counts = {name: self._count(table, old) for name, (table, old) in simple.items()}
        counts["erasures"] = self._erasures.due(now)
        if dry_run:
            return counts
        if not clock_is_right:
            self._believe(now)
        dropped: list[str] = []
        for name, remove in self._removals(now, dropped).items():
            table, old = simple[name]
            counts[name] = self._remove(table, old, remove)
        for conversation_id in dropped:
            self._vault.destroy(of_talk(conversation_id))
        counts["people"] = self._remove_people()
        ran = self._erasures.run(now, self._memory)
        return {
            **counts,
            "erasures": ran.done,
            "erasures that wait": ran.waiting,
            "keys destroyed again": sweep(self._engine, self._vault),
        }

    def _believe(self, now: datetime) -> None:
        written = (inbox.c.received_at, outbox.c.created_at, conversation.c.updated_at, audit_table.c.at, case_file.c.updated_at)
        with reading(self._engine).connect() as connection:
            newest = max((at for column in written if (at := connection.scalar(select(func.max(column))))), default=now)
        if now - newest > SILENCE:
            days = (now - newest).days
            raise RetentionError(
                f"Nothing was written for {days} days: is this machine's clock right? Nothing was removed; "
                "if it is right, run again with --clock-is-right."
            )

    def _count(self, table: Table, old: ColumnElement[bool]) -> int:
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(table).where(old)) or 0)

    def _remove(self, table: Table, old: ColumnElement[bool], remove: Callable[[Connection, list[Any]], None]) -> int:
        """In batches; the condition is asked afresh for each."""
        key = table.primary_key.columns.values()[0]
        removed = 0
        while True:
            with self._engine.begin() as connection:
                ids = list(connection.scalars(select(key).where(old).order_by(key).limit(BATCH)))
                if ids:
                    remove(connection, ids)
            removed += len(ids)
            if len(ids) < BATCH:
                return removed

    def _removals(self, now: datetime, dropped: list[str]) -> dict[str, Callable[[Connection, list[Any]], None]]:
        """In an order that the foreign keys allow. The chats that went are added to `dropped`: their keys are to go too."""

        def rows(table: Table) -> Callable[[Connection, list[Any]], None]:
            return lambda connection, ids: _delete(connection, table, ids)

        def received(connection: Connection, ids: list[Any]) -> None:
            kept = conversation.c.kept_inbox_id.in_(ids)
            connection.execute(update(conversation).where(kept).values(kept_inbox_id=None))
            _delete(connection, inbox, ids)

        def chats(connection: Connection, ids: list[Any]) -> None:
            for conversation_id in ids:
                drop_chat(connection, conversation_id, now)
            dropped.extend(ids)

        def cases(connection: Connection, ids: list[Any]) -> None:
            for case_id in ids:
                _drop_case(connection, case_id, now)

        return {
            "messages sent": rows(outbox),
            "tickets": rows(ticket),
            "messages received": received,
            "reminders": rows(reminder),
            "codes": rows(link_code),
            "links": rows(link),
            "cases": cases,
            "chats": chats,
            "receipts": rows(erasure),
        }

    def _remove_people(self) -> int:
        """The empty rows that no case names any longer: first the key, then the row."""
        with reading(self._engine).connect() as connection:
            ids = connection.scalars(select(person.c.id).where(UNNAMED)).all()
        for person_id in ids:
            self._vault.destroy(subject(person_id))
            with self._engine.begin() as connection:
                drop_person(connection, person_id)
        return len(ids)


def _delete(connection: Connection, table: Table, ids: list[Any]) -> None:
    connection.execute(delete(table).where(table.primary_key.columns.values()[0].in_(ids)))


def _drop_case(connection: Connection, case_id: str, now: datetime) -> None:
    """A closed case with all that hangs on it; people who are in no other case are emptied, their rows go afterwards."""
    people = connection.scalars(select(case_role.c.person_id).where(case_role.c.case_id == case_id)).all()
    for table in (appointment, itinerary, link_code, release, guardianship, case_role):
        connection.execute(delete(table).where(table.c.case_id == case_id))
    connection.execute(delete(case_file).where(case_file.c.id == case_id))
    elsewhere = select(case_role.c.person_id).where(case_role.c.person_id.in_(people))
    gone = sorted(set(people) - set(connection.scalars(elsewhere)))
    for person_id in gone:
        blank_person(connection, person_id, now)
    for person_id in gone:
        audit.record(connection, now, "system", "retention", "removed", person_id, case_id)
    audit.record(connection, now, "system", "retention", "removed", case_id=case_id)
