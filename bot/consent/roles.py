"""Who stands where in a case: a person's current case, and for whom a guardian speaks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from bot.store.db import reading
from bot.store.tables import case_file, case_role


@dataclass(frozen=True)
class Standing:
    """A person's role in their current case. `subject` is whom the facts are about: the person, or a guardian's child."""

    case_id: str
    subject: str


class Roles:
    """Reads case_role; decides nothing about consent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, person_id: str | None) -> Standing:
        """The person's newest case that goes on, else the newest; empty words for somebody without one (same work)."""
        query = (
            select(case_role.c.case_id, case_role.c.guards_person_id)
            .join(case_file, case_role.c.case_id == case_file.c.id)
            .where(case_role.c.person_id == (person_id or ""))
            .order_by(case_role.c.ended_at.is_not(None), case_file.c.closed_at.is_not(None), case_file.c.created_at.desc())
            .limit(1)
        )
        with reading(self._engine).connect() as connection:
            row = connection.execute(query).first()
        return Standing(row.case_id, row.guards_person_id or person_id or "") if row else Standing("", person_id or "")

    def guarded(self, case_id: str, person_id: str) -> str | None:
        """The person for whom this one is the guardian in this case; None for anybody else."""
        query = select(case_role.c.guards_person_id).where(case_role.c.case_id == case_id, case_role.c.person_id == person_id)
        with reading(self._engine).connect() as connection:
            found: str | None = connection.scalar(query)
        return found

    def wards(self, connection: Connection, person_id: str) -> list[str]:
        """Everybody for whom this person is or was a guardian."""
        query = select(case_role.c.guards_person_id).where(
            case_role.c.person_id == person_id, case_role.c.guards_person_id.is_not(None)
        )
        return [row[0] for row in connection.execute(query)]
