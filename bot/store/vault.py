"""A key for each person and each chat, kept apart from what it seals: destroying the key erases them from backups too.

The keys stand in a small database of their own (HEARTH_KEYSTORE_URL), each sealed under the master keys. Back it up apart
from the main database and keep those copies for days, not years: docs/data-we-keep.md says why.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, and_, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from bot.store.db import reading
from bot.store.seal import Sealer, SealError

keystore = MetaData()
subject_key = Table(
    "subject_key",
    keystore,
    Column("subject", String(40), primary_key=True),  # "person:<id>" or "talk:<conversation id>"
    Column("key", LargeBinary, nullable=False),
)
BATCH = 200
TALK = "talk:"
_KEY = select(subject_key.c.key).where(subject_key.c.subject == bindparam("subject"))  # built once: it runs for every message


def of_talk(conversation_id: str) -> str:
    """The name of a chat's key."""
    return TALK + conversation_id


class Key:
    """A subject's key, for one piece of work. Never remembered: one that another process destroyed must be gone at once."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def seal(self, value: Any) -> bytes:
        """Any JSON value to sealed bytes."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """The value; raises SealError when it was altered, or sealed with a key that this one came after."""
        try:
            return json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SealError("a sealed value does not open: it was altered, or its key was destroyed") from None


class Vault:
    """Seals and opens values under a subject's own key; safe to share between threads."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self.engine, self._reading, self._sealer, self._making = engine, reading(engine), sealer, threading.Lock()
        keystore.create_all(engine)

    def sealing(self, subject: str) -> Key:
        """The key to seal several values with; a subject's first use makes it."""
        return Key(self._key(subject) or self._make(subject))

    def opening(self, subject: str) -> Key:
        """The key to open several values with; raises SealError when it was destroyed."""
        if (key := self._key(subject)) is None:
            raise SealError("this key was destroyed")
        return Key(key)

    def seal(self, subject: str, value: Any) -> bytes:
        """Any JSON value to sealed bytes; a subject's first value makes its key."""
        return self.sealing(subject).seal(value)

    def open(self, subject: str, sealed: bytes) -> Any:
        """The value; raises SealError when it was altered or the subject's key was destroyed."""
        return self.opening(subject).open(sealed)

    def destroy(self, subject: str) -> bool:
        """Makes everything sealed for this subject unreadable for good; False when it had no key."""
        with self.engine.begin() as connection:
            return bool(connection.execute(delete(subject_key).where(subject_key.c.subject == subject)).rowcount)

    def talks(self) -> set[str]:
        """The ids of all chats that have a key."""
        with self._reading.connect() as connection:
            found = connection.scalars(select(subject_key.c.subject).where(subject_key.c.subject.startswith(TALK)))
            return {subject.removeprefix(TALK) for subject in found}

    def rotate(self) -> tuple[int, int]:
        """Seals every key anew under the first master key, in small transactions; gives how many, and how many do not open.
        Run after adding a master key."""
        done, unreadable, last = 0, 0, ""
        query = select(subject_key).where(subject_key.c.subject > bindparam("last")).order_by(subject_key.c.subject).limit(BATCH)
        while True:
            with self.engine.begin() as connection:
                rows = connection.execute(query, {"last": last}).all()
                for row in rows:
                    try:
                        again = self._sealer.seal(self._sealer.open(row.key))
                    except SealError:
                        unreadable += 1
                        continue
                    same = and_(subject_key.c.subject == row.subject, subject_key.c.key == row.key)
                    done += connection.execute(subject_key.update().where(same).values(key=again)).rowcount
            if len(rows) < BATCH:
                return done, unreadable
            last = rows[-1].subject

    def _key(self, subject: str) -> bytes | None:
        with self._reading.connect() as connection:
            sealed = connection.scalar(_KEY, {"subject": subject})
        return None if sealed is None else str(self._sealer.open(sealed)).encode()

    def _make(self, subject: str) -> bytes:
        key = Fernet.generate_key()
        try:
            with self._making, self.engine.begin() as connection:
                connection.execute(subject_key.insert().values(subject=subject, key=self._sealer.seal(key.decode())))
        except IntegrityError:  # another process was first
            found = self._key(subject)
            if found is None:
                raise SealError("this key was destroyed") from None
            return found
        return key
