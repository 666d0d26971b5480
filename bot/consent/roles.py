"""Who stands where in a case: a person's current case, for whom they speak, and who let them see their part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, Select, and_, select

from bot.consent.policy import Role
from bot.store.db import reading
from bot.store.tables import case_file, case_role, guardianship, person, release


class Whose(StrEnum):
    """Whose part of a case it is, seen from the one who asks."""

    OWN = "own"
    WARD = "ward"
    RELATIVE = "relative"


@dataclass(frozen=True)
class Subject:
    """Somebody whose part may be asked for; whether it may be shown is for the policy to say."""

    person_id: str
    whose: Whose
    minor: bool = False


@dataclass(frozen=True)
class Standing:
    """A person's current case, and whose parts are meant when they ask: their own first, then those they speak for, then
    those of relatives who let them. `principal` is the one to whom a part may be released."""

    case_id: str
    subjects: tuple[Subject, ...]
    role: str = ""
    principal: str | None = None


def guardians(ward_id: str, case_id: str | None = None) -> Select[str]:
    """Who speaks for a child today, in one case or in any."""
    standing = and_(case_role.c.case_id == guardianship.c.case_id, case_role.c.person_id == guardianship.c.guardian_id)
    query = (
        select(guardianship.c.guardian_id)
        .join(case_role, standing)
        .where(guardianship.c.ward_id == ward_id, guardianship.c.ended_at.is_(None), case_role.c.ended_at.is_(None))
    )
    return query if case_id is None else query.where(guardianship.c.case_id == case_id)


class Roles:
    """Reads roles, guardianships and releases; decides nothing about consent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, person_id: str | None) -> Standing:
        """In the person's newest case that goes on, else the newest; empty words for somebody without one (same work)."""
        who = person_id or ""
        newest = (
            select(case_role.c.case_id, case_role.c.role, person.c.minor)
            .join(case_file, case_role.c.case_id == case_file.c.id)
            .join(person, case_role.c.person_id == person.c.id)
            .where(case_role.c.person_id == who)
            .order_by(case_role.c.ended_at.is_not(None), case_file.c.closed_at.is_not(None), case_file.c.created_at.desc())
            .limit(1)
        )
        with reading(self._engine).connect() as connection:
            row = connection.execute(newest).first()
            case_id = row.case_id if row else ""
            wards = self._wards(connection, case_id, who)
            relatives = connection.execute(_relatives(case_id, who)).all()
            principal = connection.scalar(_principal(case_id))
        if row is None:
            return Standing("", (Subject(who, Whose.OWN),))
        subjects = [Subject(who, Whose.OWN, row.minor)] if row.role != Role.GUARDIAN or not wards else []
        subjects += wards
        spoken_for = {each.person_id for each in wards}
        subjects += [Subject(each.id, Whose.RELATIVE, each.minor) for each in relatives if each.id not in spoken_for]
        return Standing(case_id, tuple(subjects), row.role, principal)

    def spoken_for(self, connection: Connection, case_id: str, person_id: str) -> list[str]:
        """Whose consent this person gives in the case: their own where they have a part of their own, and their wards'."""
        mine = and_(case_role.c.case_id == case_id, case_role.c.person_id == person_id)
        role = connection.scalar(select(case_role.c.role).where(mine))
        wards = [each.person_id for each in self._wards(connection, case_id, person_id)]
        return wards if role == Role.GUARDIAN and wards else [person_id, *wards]

    def speaks_for(self, case_id: str, person_id: str) -> list[str]:
        """The same, read in a transaction of its own."""
        with reading(self._engine).connect() as connection:
            return self.spoken_for(connection, case_id, person_id)

    @staticmethod
    def _wards(connection: Connection, case_id: str, person_id: str) -> list[Subject]:
        query = (
            select(person.c.id, person.c.minor)
            .join(guardianship, guardianship.c.ward_id == person.c.id)
            .where(guardianship.c.case_id == case_id, guardianship.c.guardian_id == person_id)
            .where(guardianship.c.ended_at.is_(None))
            .order_by(person.c.created_at, person.c.id)
        )
        return [Subject(row.id, Whose.WARD, row.minor) for row in connection.execute(query)]


def _relatives(case_id: str, person_id: str) -> Select[str, bool]:
    let = and_(release.c.case_id == case_id, release.c.to_person_id == person_id, release.c.withdrawn_at.is_(None))
    theirs = select(person.c.id, person.c.minor).where(person.c.id.in_(select(release.c.from_person_id).where(let)))
    return theirs.order_by(person.c.created_at, person.c.id)


def _principal(case_id: str) -> Select[str]:
    stands = and_(case_role.c.case_id == case_id, case_role.c.role == Role.PRINCIPAL, case_role.c.ended_at.is_(None))
    return select(case_role.c.person_id).where(stands)
