"""The audit log: one line for every read and change of case data and consent, chained so that tampering shows.

Each line's hash covers all its fields and the hash of the line before. The number and hash of the last line, the *head*, stand
in the keystore database too, so that a shortened log, a log written anew and a database rolled back to yesterday show as well.
A line holds identifiers only, never a name, a text or a case fact.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, String, Table, and_, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.db import reading
from bot.store.tables import audit
from bot.store.vault import keystore

START = "0" * 64
#: The actions that look at somebody's case, and the outcomes of those that showed something.
LOOKS = ("show-case_status", "show-appointments", "show-itinerary", "case_shown")
SEEN = ("full", "news_only", "done")
#: Reads for somebody else of the family to whom the part was released; whoever it is about reads as "bot".
FAMILY = "family"
_LOCK = 0x48656172  # the advisory lock under which PostgreSQL appends
_FIELDS = ("number", "at", "actor", "action", "person_id", "case_id", "outcome", "before_hash")

audit_head = Table(
    "audit_head",
    keystore,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)


class Fault(StrEnum):
    """What is wrong with the log."""

    ALTERED = "altered"  # the line does not fit its own hash
    MISSING = "missing"  # a number between two lines, or before the first, has no line
    UNCHAINED = "unchained"  # the line does not follow from the one before: reordered, or written later
    TRUNCATED = "truncated"  # the log ends before the head: its end was cut off, or the database was rolled back
    REPLACED = "replaced"  # the line at the head's number is another one: the log was written anew
    NO_HEAD = "no_head"  # there are lines, and the keystore knows of none


@dataclass(frozen=True)
class Break:
    """One place where the log does not hold; `number` is the line (of MISSING and TRUNCATED: the first one that is gone)."""

    number: int
    fault: Fault


@dataclass(frozen=True)
class Look:
    """Who saw something of a person's case, and when."""

    at: datetime
    actor: str
    action: str


def record(
    connection: Connection,
    now: datetime,
    actor: str,
    action: str,
    outcome: str,
    person_id: str | None = None,
    case_id: str | None = None,
) -> int:
    """Appends a line in the caller's transaction and gives its number. Make it the transaction's last statement: from here to
    its end nobody else appends. Call `remember_head` after the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
    line: dict[str, Any] = {
        "number": last.number + 1 if last else 1,
        "at": now,
        "actor": actor,
        "action": action,
        "person_id": person_id,
        "case_id": case_id,
        "outcome": outcome,
        "before_hash": last.hash if last else START,
    }
    connection.execute(insert(audit).values(**line, hash=_hash(line)))
    return int(line["number"])


def remember_head(keystore_engine: Engine, engine: Engine) -> None:
    """Notes the log's last line in the keystore. A head that the log no longer fits stays as it is, as evidence; see
    `accept_head`. Missing a call (a crash after the commit) only leaves the newest lines unguarded until the next one."""
    known = head(keystore_engine)
    if known is not None and not _holds(engine, known):
        return
    last = _last(engine)
    if last is not None:
        _write_head(keystore_engine, last)


def accept_head(keystore_engine: Engine, engine: Engine, by: str, now: datetime) -> None:
    """A member of staff takes the log as it stands for good, after a restored backup; the log says who did. Consents withdrawn
    since that backup are live again: look at them first."""
    with engine.begin() as connection:
        record(connection, now, by, "audit:accept", "done")
    last = _last(engine)
    assert last is not None
    _write_head(keystore_engine, last, only_forward=False)


def rolled_back(keystore_engine: Engine, engine: Engine) -> bool:
    """True when the log no longer holds the line that the keystore remembers. Cheap: asked before every disclosure."""
    known = head(keystore_engine)
    return known is not None and not _holds(engine, known)


def head(keystore_engine: Engine) -> tuple[int, str] | None:
    """Number and hash of the last line that the keystore knows of."""
    with reading(keystore_engine).connect() as connection:
        if not connection.dialect.has_table(connection, audit_head.name):
            return None
        row = connection.execute(select(audit_head.c.number, audit_head.c.hash)).first()
    return (row.number, row.hash) if row else None


def verify(engine: Engine, keystore_engine: Engine | None = None) -> list[Break]:
    """Every break of the chain in the order of the lines; empty when all is as it was written. Without the keystore a cut-off
    end does not show. Reads line by line, so a long log costs time and no memory."""
    known = head(keystore_engine) if keystore_engine is not None else None  # first, for lines may be added meanwhile
    breaks: list[Break] = []
    number, before, at_head = 0, START, None
    with reading(engine).connect() as connection:
        for row in connection.execution_options(yield_per=1000).execute(select(audit).order_by(audit.c.number)).mappings():
            if row["number"] != number + 1:
                breaks.append(Break(number + 1, Fault.MISSING))
            elif row["before_hash"] != before:
                breaks.append(Break(row["number"], Fault.UNCHAINED))
            if _hash(dict(row)) != row["hash"]:
                breaks.append(Break(row["number"], Fault.ALTERED))
            number, before = row["number"], row["hash"]
            if known is not None and number == known[0]:
                at_head = row["hash"]
    if known is None:
        return [*breaks, Break(number, Fault.NO_HEAD)] if keystore_engine is not None and number else breaks
    if number < known[0]:
        breaks.append(Break(number + 1, Fault.TRUNCATED))
    elif at_head != known[1]:
        breaks.append(Break(known[0], Fault.REPLACED))
    return breaks


def looked(engine: Engine, person_id: str, limit: int = 20) -> list[Look]:
    """Who saw something of this person's case, newest first."""
    mine = and_(audit.c.person_id == person_id, audit.c.action.in_(LOOKS), audit.c.outcome.in_(SEEN))
    query = select(audit.c.at, audit.c.actor, audit.c.action).where(mine)
    with reading(engine).connect() as connection:
        return [Look(*row) for row in connection.execute(query.order_by(audit.c.number.desc()).limit(limit))]


def _hash(line: dict[str, Any]) -> str:
    fields = {name: line[name] for name in _FIELDS}
    fields["at"] = fields["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _last(engine: Engine) -> tuple[int, str] | None:
    with reading(engine).connect() as connection:
        row = connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
    return (row.number, row.hash) if row else None


def _holds(engine: Engine, known: tuple[int, str]) -> bool:
    with reading(engine).connect() as connection:
        return connection.scalar(select(audit.c.hash).where(audit.c.number == known[0])) == known[1]


def _write_head(keystore_engine: Engine, last: tuple[int, str], only_forward: bool = True) -> None:
    audit_head.create(keystore_engine, checkfirst=True)
    dialect: Any = sqlite if keystore_engine.dialect.name == "sqlite" else postgresql
    values = {"number": last[0], "hash": last[1]}
    with keystore_engine.begin() as connection:
        connection.execute(dialect.insert(audit_head).values(id=1, **values).on_conflict_do_nothing())
        older = audit_head.c.number < last[0] if only_forward else audit_head.c.id == 1
        connection.execute(update(audit_head).where(older).values(**values))
