"""Sealing everything anew under the first of HEARTH_SECRET_KEYS, so that the keys after it can be taken out.

Every process must have the new list before this runs: one that knows only the old key would not find what is sealed here.
What the key of a person or a chat seals stays as it is; that key itself is sealed anew. Two things cannot be made anew, since
only their hash is kept: one-time codes still unused (they end by themselves within 72 hours) and the marks of erased people. May
be killed and run again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Engine, RowMapping, Table, and_, select, update

from bot.cases.rows import subject
from bot.store.db import reading
from bot.store.seal import Sealer, SealError
from bot.store.tables import case_file, contact, conversation, person
from bot.store.vault import Vault, of_talk

BATCH = 200


@dataclass
class Rotated:
    """How many values were sealed anew, hashes made anew and keys sealed anew; and what did not open under any key."""

    values: int = 0
    hashes: int = 0
    keys: int = 0
    unreadable: int = 0


class Rotation:
    """`keys` as in the settings: the first is the one to keep."""

    def __init__(self, engine: Engine, vault: Vault, keys: list[str]) -> None:
        self._engine, self._vault = engine, vault
        self._all, self._first = Sealer(keys), Sealer(keys[:1])

    def run(self) -> Rotated:
        """Everything, in small transactions."""
        keys, unreadable = self._vault.rotate()
        done = Rotated(keys=keys, unreadable=unreadable)
        self._column(case_file.c.number, done)
        self._hashes(contact, contact.c.address_hash, self._address, done)
        self._hashes(case_file, case_file.c.number_hash, lambda row: str(self._all.open(row["number"])), done)
        self._hashes(person, person.c.reference_hash, self._reference, done)
        return done

    def _address(self, row: RowMapping) -> str:
        with reading(self._engine).connect() as connection:
            talk = connection.scalar(select(conversation.c.id).where(conversation.c.contact_id == row["id"]))
        return str(self._vault.open(of_talk(str(talk)), row["address"]))

    def _reference(self, row: RowMapping) -> str:
        return str(self._vault.open(subject(row["id"]), row["details"])["reference"])

    def _column(self, column: Column[bytes], done: Rotated) -> None:
        for row in self._rows(column.table, column.is_not(None)):
            value: bytes = row[column.name]
            if not value or self._opens(value):
                continue
            try:
                again = self._first.seal(self._all.open(value))
            except SealError:
                done.unreadable += 1
                continue
            done.values += self._change(column, row, again)

    def _hashes(self, table: Table, column: Column[str], plain: Callable[[RowMapping], str], done: Rotated) -> None:
        for row in self._rows(table):
            try:
                hashed = self._first.lookups(plain(row))[0]
            except SealError:
                continue  # erased, so its mark stays as it is; or unreadable, and counted above
            if hashed != row[column.name]:
                done.hashes += self._change(column, row, hashed)

    def _opens(self, value: bytes) -> bool:
        try:
            self._first.open(value)
        except SealError:
            return False
        return True

    def _change(self, column: Column[Any], row: RowMapping, value: Any) -> int:
        """Only if it still is what was read: a turn may have written it meanwhile, with the new key."""
        key = column.table.c.id
        with self._engine.begin() as connection:
            same = and_(key == row["id"], column == row[column.name])
            return connection.execute(update(column.table).where(same).values({column: value})).rowcount

    def _rows(self, table: Any, *conditions: Any) -> Any:
        """All rows, a few at a time, in the order of their ids."""
        last: Any = None
        while True:
            beyond = [table.c.id > last] if last is not None else []
            query = select(table).where(*conditions, *beyond).order_by(table.c.id).limit(BATCH)
            with reading(self._engine).connect() as connection:
                rows = connection.execute(query).mappings().all()
            yield from rows
            if len(rows) < BATCH:
                return
            last = rows[-1]["id"]
