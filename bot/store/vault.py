"""A key for each person, kept apart from what it seals, so that destroying the key erases the person from backups too.

The keys stand in a small database of their own (HEARTH_KEYSTORE_URL), each sealed under the master keys. Back it up apart
from the main database and keep those copies for days, not years: docs/data-we-keep.md says why.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, delete, select
from sqlalchemy.exc import IntegrityError

from bot.store.db import reading
from bot.store.seal import Sealer, SealError

keystore = MetaData()
subject_key = Table(
    "subject_key",
    keystore,
    Column("subject", String(40), primary_key=True),  # "person:<id>"
    Column("key", LargeBinary, nullable=False),
)


class Vault:
    """Seals and opens values under a subject's own key; safe to share between threads."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._sealer, self._making = engine, sealer, threading.Lock()
        keystore.create_all(engine)

    def seal(self, subject: str, value: Any) -> bytes:
        """Any JSON value to sealed bytes; a subject's first value makes its key."""
        key = self._key(subject) or self._make(subject)
        return Fernet(key).encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open(self, subject: str, sealed: bytes) -> Any:
        """The value; raises SealError when it was altered or the subject's key was destroyed."""
        key = self._key(subject)
        if key is None:
            raise SealError("the key of this person was destroyed")
        try:
            return json.loads(Fernet(key).decrypt(sealed))
        except InvalidToken:
            raise SealError("a sealed value does not open: it was altered") from None

    def destroy(self, subject: str) -> bool:
        """Makes everything sealed for this subject unreadable for good; False when it had no key."""
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(subject_key).where(subject_key.c.subject == subject)).rowcount)

    def rotate(self) -> int:
        """Seals every key anew under the first master key; gives their number. Run after adding a master key."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(subject_key)).all()
            for row in rows:
                again = self._sealer.seal(self._sealer.open(row.key))
                connection.execute(subject_key.update().where(subject_key.c.subject == row.subject).values(key=again))
        return len(rows)

    def _key(self, subject: str) -> bytes | None:
        # Never remembered: a key destroyed by another process must be gone here at once.
        with reading(self._engine).connect() as connection:
            sealed = connection.scalar(select(subject_key.c.key).where(subject_key.c.subject == subject))
        return None if sealed is None else str(self._sealer.open(sealed)).encode()

    def _make(self, subject: str) -> bytes:
        key = Fernet.generate_key()
        try:
            with self._making, self._engine.begin() as connection:
                connection.execute(subject_key.insert().values(subject=subject, key=self._sealer.seal(key.decode())))
        except IntegrityError:  # another process was first
            found = self._key(subject)
            if found is None:
                raise SealError("the key of this person was destroyed") from None
            return found
        return key
