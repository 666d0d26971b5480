"""Changes to who speaks for whom in a case: one adult for any number of minors, whatever else they are there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, insert, select, update

from bot.cases.facts import CaseError
from bot.cases.writing import Writing
from bot.store.tables import case_role, guardianship, person, release


class GuardianChanges(Writing):
    """The part of a change that is about guardians, and about what ends with them."""

    def wards(self, case_id: str, person_id: str) -> list[str]:
        """For whom this person speaks today."""
        mine = (guardianship.c.case_id == case_id, guardianship.c.guardian_id == person_id, guardianship.c.ended_at.is_(None))
        return list(self.connection.scalars(select(guardianship.c.ward_id).where(*mine)))

    def guardians_of(self, case_id: str, person_id: str) -> list[str]:
        """Who speaks for this person today."""
        theirs = (guardianship.c.case_id == case_id, guardianship.c.ward_id == person_id, guardianship.c.ended_at.is_(None))
        return list(self.connection.scalars(select(guardianship.c.guardian_id).where(*theirs)))

    def guard(self, case_id: str, person_id: str, wanted: Collection[str]) -> None:
        """These are the wards from now on. Whoever is nothing else in the case has no part in it without one."""
        have = self.wards(case_id, person_id)
        for ward in dict.fromkeys(wanted):
            if ward not in have:
                self._begin_guardian(case_id, person_id, ward)
        for ward in have:
            if ward not in wanted:
                self.end_guardian(case_id, person_id, ward)

    def end_guardian(self, case_id: str, guardian: str, ward: str) -> None:
        """They no longer speak for this person; what they let others see of them is closed again."""
        self._set(guardianship, self._this_guardian(case_id, guardian, ward), ended_at=self.now)
        self.audit("guardian_ended", ward, case_id)
        self.touch(case_id)
        self.close_releases(release.c.from_person_id == ward, case_id)
        only = self._this_role(case_id, guardian) & (case_role.c.role == "guardian")
        if not self.wards(case_id, guardian) and self._in_force(case_role, only):
            self._end_role(case_id, guardian)

    def close_releases(self, which: ColumnElement[bool], case_id: str | None = None) -> None:
        """Ends releases that are no longer anybody's word."""
        where = which & release.c.withdrawn_at.is_(None)
        if case_id is not None:
            where &= release.c.case_id == case_id
        for row in self.connection.execute(select(release).where(where)).all():
            self._set(release, release.c.id == row.id, withdrawn_at=self.now)
            self.audit("release", row.from_person_id, row.case_id, "withdrawn")

    def _begin_guardian(self, case_id: str, guardian: str, ward: str) -> None:
        this = self._this_guardian(case_id, guardian, ward)
        if not self.connection.execute(update(guardianship).where(this).values(ended_at=None)).rowcount:
            self.connection.execute(insert(guardianship).values(case_id=case_id, guardian_id=guardian, ward_id=ward))
        self.audit("guardian_given", ward, case_id)
        self.touch(case_id)

    def _may_guard(self, case_id: str, person_id: str, ward: str) -> None:
        child = self._role_row(case_id, ward)
        if ward == person_id or child is None or child["ended_at"] is not None or child["role"] == "guardian":
            raise CaseError("a guardian speaks for somebody else in the same case.")
        minors = {row.id: row.minor for row in self.connection.execute(select(person).where(person.c.id.in_((person_id, ward))))}
        if minors[person_id] or not minors[ward]:
            raise CaseError("a guardian is of age and speaks for a minor.")

    def _end_role(self, case_id: str, person_id: str) -> None:
        self._set(case_role, self._this_role(case_id, person_id), ended_at=self.now)
        self.audit("role_ended", person_id, case_id)
        self.touch(case_id)

    def _in_force(self, table: Table, where: ColumnElement[bool]) -> bool:
        return self.connection.execute(select(table).where(where, table.c.ended_at.is_(None))).first() is not None

    def _role_row(self, case_id: str, person_id: str) -> RowMapping | None:
        return self.connection.execute(select(case_role).where(self._this_role(case_id, person_id))).mappings().first()

    def _this_role(self, case_id: str, person_id: str) -> ColumnElement[bool]:
        return (case_role.c.case_id == case_id) & (case_role.c.person_id == person_id)

    def _this_guardian(self, case_id: str, guardian: str, ward: str) -> ColumnElement[bool]:
        same = (guardianship.c.guardian_id == guardian) & (guardianship.c.ward_id == ward)
        return same & (guardianship.c.case_id == case_id)

    def _set(self, table: Any, where: Any, **values: Any) -> None:
        self.connection.execute(update(table).where(where).values(**values))
