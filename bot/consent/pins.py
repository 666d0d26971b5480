"""PINs: kept as argon2id hashes only, compared with the same work whether or not there is anything to compare with.

A wrong try counts for the person, on whatever channel it came, and is stored, so that neither a second phone nor a restart
gives more tries. The fifth locks the person for a day. The lock is a moment in time: a clock that jumps back leaves it standing.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Engine, select, update

from bot.store.db import reading
from bot.store.tables import contact, link, person

SHORTEST, LONGEST = 4, 8
TRIES = 5
LOCKED_FOR = timedelta(hours=24)
LINKS = 3  # so many people may share one phone; each check compares with the PIN and the duress PIN of so many


class PinError(Exception):
    """The PIN cannot be taken: too simple, or the same as the person's other one."""


class Outcome(StrEnum):
    """What came of a PIN."""

    RIGHT = "right"
    DURESS = "duress"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class Checked:
    """`person_id` is whose PIN it was, None when it was nobody's. `locked_now`: this very try locked somebody, open a ticket.
    `duress`: the duress PIN was given, perhaps while locked, open an urgent ticket."""

    outcome: Outcome
    person_id: str | None = None
    locked_now: bool = False
    duress: bool = False


def digits(text: str) -> str | None:
    """The text's digits when it holds nothing else but spaces, dots, hyphens and invisible marks; any script's digits."""
    kept = [c for c in text if c not in ".-" and unicodedata.category(c) not in ("Cf", "Cc", "Zs", "Zl", "Zp", "Pd")]
    values = [unicodedata.digit(c, None) for c in kept]
    return "".join(map(str, values)) if values and None not in values else None


def acceptable(text: str) -> str | None:
    """The PIN in plain digits; None when it has not 4 to 8 of them, all are equal, or they run up or down in steps of one."""
    pin = digits(text)
    if pin is None or not SHORTEST <= len(pin) <= LONGEST:
        return None
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return None if steps in ({0}, {1}, {9}) else pin


class Pins:
    """Sets and checks PINs; safe to share between threads. One check takes about a tenth of a second on purpose."""

    acceptable = staticmethod(acceptable)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # OWASP's minimum for argon2id: six comparisons stay well under half a second.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._dummy = self._hasher.hash(secrets.token_hex(16))

    def set(self, connection: Connection, person_id: str, pin: str, duress: bool) -> None:
        """Sets the PIN, or the duress PIN. A new PIN ends a lock, for only a caseworker's code leads to it, and takes the
        place of a duress PIN of the same digits. Raises PinError when it is not acceptable, or a duress PIN equals the PIN."""
        plain = acceptable(pin)
        if plain is None:
            raise PinError("not an acceptable PIN")
        row = connection.execute(select(person.c.pin_hash, person.c.duress_hash).where(person.c.id == person_id)).one()
        new: dict[str, object] = {"duress_hash": self._hasher.hash(plain)}
        if duress and self._fits(row.pin_hash, plain):
            raise PinError("the PIN and the duress PIN must differ")
        if not duress:
            kept = None if self._fits(row.duress_hash, plain) else row.duress_hash
            new = {"pin_hash": self._hasher.hash(plain), "duress_hash": kept, "wrong_tries": 0, "locked_until": None}
        connection.execute(update(person).where(person.c.id == person_id).values(**new))

    def taken(self, person_id: str, pin: str, duress: bool) -> bool:
        """True when this is the person's other PIN already: ask for another one. Counts nothing: not for proving anything."""
        query = select(person.c.pin_hash, person.c.duress_hash).where(person.c.id == person_id)
        with reading(self._engine).connect() as connection:
            row = connection.execute(query).one()
        return self._fits(row.pin_hash if duress else row.duress_hash, digits(pin) or "")

    def check(self, contact_id: int, pin: str, now: datetime) -> Checked:
        """Whose PIN this is among those linked to the contact. The work is the same for everyone: six comparisons and one
        write, also for a contact that is linked to nobody."""
        right, duress, asked = self._compare(contact_id, digits(pin) or "")
        with self._engine.begin() as connection:
            # Writes nothing new; without it an unlinked contact would be answered sooner by the time of one write.
            connection.execute(update(contact).where(contact.c.id == contact_id).values(blocked_at=contact.c.blocked_at))
            rows = select(person.c.id, person.c.wrong_tries, person.c.locked_until).where(person.c.id.in_(asked))
            # Read again and held: tries that came at the same time have been counted by now.
            people = {row.id: row for row in connection.execute(rows.order_by(person.c.id).with_for_update())}
            locked = {i for i, row in people.items() if row.locked_until is not None and row.locked_until > now}
            if duress:
                whose = duress[0]
                # The tries stay: else whoever knows this PIN could guess the other one without end.
                return Checked(Outcome.LOCKED if whose in locked else Outcome.DURESS, whose, duress=True)
            if len(right) == 1:
                if right[0] in locked:
                    return Checked(Outcome.LOCKED, right[0])
                self._count(connection, right[0], 0, None)
                return Checked(Outcome.RIGHT, right[0])
            if people and len(locked) == len(people):
                return Checked(Outcome.LOCKED)
            # Nobody's PIN, or that of two people on one phone, which must not open one's case to the other.
            locked_now = False
            for row in (row for i, row in people.items() if i not in locked):
                tries = 1 + (row.wrong_tries if row.locked_until is None else 0)  # a lock that passed starts afresh
                locks = tries >= TRIES
                locked_now |= locks
                self._count(connection, row.id, tries, now + LOCKED_FOR if locks else None)
            return Checked(Outcome.WRONG, locked_now=locked_now)

    def _compare(self, contact_id: int, pin: str) -> tuple[list[str], list[str], list[str]]:
        query = (
            select(person.c.id, person.c.pin_hash, person.c.duress_hash)
            .join(link, link.c.person_id == person.c.id)
            .where(link.c.contact_id == contact_id, link.c.revoked_at.is_(None), person.c.erased_at.is_(None))
            .group_by(person.c.id, person.c.pin_hash, person.c.duress_hash)
            .order_by(person.c.id)
            .limit(LINKS)
        )
        with reading(self._engine).connect() as connection:
            linked = [tuple(row) for row in connection.execute(query)]
        right, duress = [], []
        for person_id, pin_hash, duress_hash in (linked + [(None, None, None)] * LINKS)[:LINKS]:
            if self._fits(pin_hash, pin) and person_id is not None:
                right.append(person_id)
            if self._fits(duress_hash, pin) and person_id is not None:
                duress.append(person_id)
        return right, duress, [row[0] for row in linked]

    def _fits(self, stored: str | None, pin: str) -> bool:
        try:
            self._hasher.verify(stored or self._dummy, pin)
        except VerificationError:
            return False
        return stored is not None

    @staticmethod
    def _count(connection: Connection, person_id: str, tries: int, locked_until: datetime | None) -> None:
        new = {"wrong_tries": tries, "locked_until": locked_until}
        connection.execute(update(person).where(person.c.id == person_id).values(**new))
