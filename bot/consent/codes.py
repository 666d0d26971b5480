"""One-time codes: a caseworker reads one out, the person sends it, and their phone is linked to them.

A code is eight characters without any that are easily taken for another, made so that a slip is understood where it can be only
one thing (B for 8, a Russian С for C, Arabic digits). Only its keyed hash is kept.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, insert, select, update

from bot.consent import audit
from bot.consent.pins import LINKS
from bot.store.seal import Sealer
from bot.store.tables import audit as audit_table
from bot.store.tables import case_file, case_role, link, link_code, person

ALPHABET = "23456789ACDEFHJKMNPRTWXY"
LENGTH = 8
CODE_LIFE = timedelta(hours=72)
WRONG_CODES = 5
PAUSE = timedelta(hours=1)
AGAIN_WITHIN = timedelta(minutes=5)
_SLIPS = str.maketrans("BGSZАСЕНКМРТХУ", "8652ACEHKMPTXY")
_INSIDE = re.compile(r"(?<![^\W_])[^\W_]{4}[-\u2010-\u2015][^\W_]{4}(?![^\W_])")


class CodeError(Exception):
    """No code can be made; one line for staff that says what to do."""


@dataclass(frozen=True)
class Redeemed:
    """Whom a code stands for."""

    person_id: str
    case_id: str


def normal(text: str) -> str | None:
    """The code in a text, as it was made: the whole text, or the one XXXX-XXXX in it. None when there is none."""
    found = _code(text)
    if found is None:
        inside = [code for match in _INSIDE.findall(unicodedata.normalize("NFKC", text)) if (code := _code(match))]
        found = inside[0] if len(inside) == 1 else None
    return found


class Codes:
    """Issues codes and takes them."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer

    def issue(self, case_number: str, person_reference: str, by: str, now: datetime) -> str:
        """A new code, "XXXX-XXXX", good for 72 hours and once; the person's earlier unused ones end. Raises CodeError."""
        code = _new()
        with self._engine.begin() as connection:
            person_id, case_id = self._find(connection, case_number, person_reference)
            _end_codes(connection, person_id, now)
            row = {"code_hash": self._sealer.lookups(code)[0], "case_id": case_id, "person_id": person_id, "issued_by": by}
            connection.execute(insert(link_code).values(**row, issued_at=now, expires_at=now + CODE_LIFE))
            audit.record(connection, now, by, "code:issue", "done", person_id, case_id)
        return f"{code[:4]}-{code[4:]}"

    def redeem(self, connection: Connection, code: str, contact_id: int, now: datetime) -> Redeemed | None:
        """Uses a code up, or None, whatever was wrong; writes the audit line. After five wrong codes within an hour none of this
        contact is looked at for an hour. A text that is no code at all is no wrong one. The caller links the contact."""
        plain = normal(code)
        if plain is None:
            return None
        actor = f"contact:{contact_id}"
        if self._paused(connection, actor, now):
            audit.record(connection, now, actor, "code:redeem", "paused")
            return None
        row = connection.execute(
            select(link_code.c.id, link_code.c.person_id, link_code.c.case_id).where(self._open(plain, now))
        ).first()
        if row is None:
            audit.record(connection, now, actor, "code:redeem", "wrong")
            return None
        others = select(func.count(func.distinct(link.c.person_id))).where(
            link.c.contact_id == contact_id, link.c.revoked_at.is_(None), link.c.person_id != row.person_id
        )
        if (connection.scalar(others) or 0) >= LINKS:
            audit.record(connection, now, actor, "code:redeem", "phone_full", row.person_id, row.case_id)
            return None
        mine = and_(link_code.c.id == row.id, link_code.c.used_at.is_(None))
        used = update(link_code).where(mine).values(used_at=now, used_by_contact_id=contact_id)
        if not connection.execute(used).rowcount:  # another phone was quicker
            audit.record(connection, now, actor, "code:redeem", "wrong")
            return None
        audit.record(connection, now, actor, "code:redeem", "redeemed", row.person_id, row.case_id)
        return Redeemed(row.person_id, row.case_id)

    def redeemed(self, connection: Connection, code: str, contact_id: int, now: datetime) -> Redeemed | None:
        """What this contact redeemed the code for a moment ago: for a turn that was not finished and is done once more."""
        plain = normal(code)
        used = and_(
            link_code.c.code_hash.in_(self._sealer.lookups(plain or "")),
            link_code.c.used_by_contact_id == contact_id,
            link_code.c.used_at > now - AGAIN_WITHIN,
        )
        row = connection.execute(select(link_code.c.person_id, link_code.c.case_id).where(used)).first()
        return Redeemed(row.person_id, row.case_id) if row and plain else None

    def revoke(self, person_id: str, by: str, now: datetime) -> int:
        """Ends a person's unused codes and links, at once; gives how many there were."""
        with self._engine.begin() as connection:
            ended = _end_codes(connection, person_id, now) + _end_links(connection, person_id, now)
            audit.record(connection, now, by, "link:revoke", "done", person_id)
        return ended

    def _find(self, connection: Connection, case_number: str, person_reference: str) -> tuple[str, str]:
        numbers, references = self._sealer.lookups(case_number.strip()), self._sealer.lookups(person_reference.strip())
        case = connection.execute(select(case_file).where(case_file.c.number_hash.in_(numbers))).first()
        if case is None:
            raise CodeError("There is no such case; import it first or check the number.")
        if case.closed_at is not None:
            raise CodeError("The case is closed; nobody can be enrolled on it.")
        someone = connection.execute(select(person).where(person.c.reference_hash.in_(references))).first()
        if someone is None:
            raise CodeError("There is no such person; import them first or check the reference.")
        if someone.erased_at is not None:
            raise CodeError("This person's data was erased; enter the person anew before enrolling them.")
        belongs = and_(case_role.c.case_id == case.id, case_role.c.person_id == someone.id, case_role.c.ended_at.is_(None))
        if connection.execute(select(case_role.c.role).where(belongs)).first() is None:
            raise CodeError("This person does not belong to this case (any more); check both numbers.")
        return someone.id, case.id

    def _open(self, code: str, now: datetime) -> ColumnElement[bool]:
        """A code that may be used: its case is open and its person still belongs to it."""
        role = and_(case_role.c.case_id == link_code.c.case_id, case_role.c.person_id == link_code.c.person_id)
        return and_(
            link_code.c.code_hash.in_(self._sealer.lookups(code)),
            link_code.c.used_at.is_(None),
            link_code.c.revoked_at.is_(None),
            link_code.c.issued_at <= now,  # a clock that jumped back does not bring old codes to life
            link_code.c.expires_at > now,
            exists().where(role, case_role.c.ended_at.is_(None)),
            exists().where(case_file.c.id == link_code.c.case_id, case_file.c.closed_at.is_(None)),
            exists().where(person.c.id == link_code.c.person_id, person.c.erased_at.is_(None)),
        )

    @staticmethod
    def _paused(connection: Connection, actor: str, now: datetime) -> bool:
        wrong = and_(audit_table.c.actor == actor, audit_table.c.action == "code:redeem", audit_table.c.outcome == "wrong")
        times = connection.scalars(
            select(audit_table.c.at).where(wrong).order_by(audit_table.c.number.desc()).limit(WRONG_CODES)
        ).all()
        return len(times) == WRONG_CODES and times[0] > now - PAUSE and times[0] - times[-1] < PAUSE


def _end_codes(connection: Connection, person_id: str, now: datetime) -> int:
    mine = and_(link_code.c.person_id == person_id, link_code.c.used_at.is_(None), link_code.c.revoked_at.is_(None))
    return connection.execute(update(link_code).where(mine).values(revoked_at=now)).rowcount


def _end_links(connection: Connection, person_id: str, now: datetime) -> int:
    mine = and_(link.c.person_id == person_id, link.c.revoked_at.is_(None))
    return connection.execute(update(link).where(mine).values(revoked_at=now)).rowcount


def _new() -> str:
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if _code(code) is not None:
            return code


def _code(text: str) -> str | None:
    kept = (c for c in unicodedata.normalize("NFKC", text).upper() if unicodedata.category(c)[0] not in "CPZ")
    plain = "".join(str(unicodedata.digit(c, c)) for c in kept).translate(_SLIPS)
    if len(plain) != LENGTH or set(plain) - set(ALPHABET):
        return None
    return None if plain.isdigit() or plain.isalpha() else plain  # never to be taken for a PIN or a word
