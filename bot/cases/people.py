"""Changes to people and their parts in a case: who they are, which role they have, which step they have reached."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import insert, select

from bot.cases.facts import ADULT_AT, ROLES, CaseError, age, plain
from bot.cases.guardians import GuardianChanges
from bot.cases.milestones import MILESTONES
from bot.cases.rows import number_of, opened, person_row, subject
from bot.i18n.languages import CODES
from bot.store.tables import case_role, person, release

EARLIEST = date(1900, 1, 1)


class PeopleChanges(GuardianChanges):
    """The part of a change that is about people."""

    def person(
        self,
        reference: str,
        *,
        name: str | None = None,
        born: date | None = None,
        language: str | None = None,
        minor: bool | None = None,
    ) -> str:
        """Makes or changes a person and gives their id; None leaves what is known. Raises CaseError for an erased one.

        Whether they are a minor follows from the birth date where one is known, and must be said where none is.
        """
        reference = number_of(reference, "person reference")
        row = person_row(self.connection, self.sealer, reference, hold=True)
        if row is None:
            known = None
        elif row["erased_at"] is None:
            known = opened(self.vault, row)
        else:
            raise CaseError("this person asked to be erased: take them out of the source too.")
        if born is None and known is not None:
            born = known.born
        if born is not None and not EARLIEST <= born <= self.now.date():
            raise CaseError("the birth date lies in the future or before 1900.")
        if language is not None and language not in CODES:
            raise CaseError(f"language must be one of: {', '.join(CODES)}.")
        minor = self._minor(born, minor, known.minor if known else None)
        name = plain(name, "name", 120) if name is not None else known.name if known else ""
        language = language or (known.language if known else None)
        details = {"reference": reference, "name": name, "born": born.isoformat() if born else None, "language": language}
        if known is not None:
            before = (known.reference, known.name, known.born, known.language, known.minor)
            if before != (reference, name, born, language, minor):
                sealed = self.vault.seal(subject(known.id), details)
                self._set(person, person.c.id == known.id, details=sealed, minor=minor)
                self.audit("person_changed", known.id)
            return known.id
        new = uuid.uuid4().hex
        hashed = self.sealer.lookups(reference)[0]
        values = {"id": new, "reference_hash": hashed, "details": self.vault.seal(subject(new), details), "minor": minor}
        self.connection.execute(insert(person).values(**values, wrong_tries=0, created_at=self.now))
        self.audit("person_added", new)
        return new

    def role(self, case_id: str, person_id: str, role: str, guards: tuple[str, ...] | None = None) -> None:
        """Gives a person their role in a case, again where it had ended. `guards` are the minors of the case for whom they speak
        from now on, None for those for whom they do; somebody whose role is guardian speaks for one at least."""
        self._known(case_id, person_id)
        if role not in ROLES:
            raise CaseError(f"role must be one of: {', '.join(ROLES)}.")
        for ward in guards or ():
            self._may_guard(case_id, person_id, ward)
        if role == "guardian" and not (self.wards(case_id, person_id) if guards is None else guards):
            raise CaseError("a guardian needs the person they speak for.")
        if role == "principal":
            mine = (case_role.c.case_id == case_id, case_role.c.role == "principal", case_role.c.ended_at.is_(None))
            if self.connection.execute(select(case_role.c.person_id).where(*mine, case_role.c.person_id != person_id)).first():
                raise CaseError("this case has another principal already.")
        values: dict[str, Any] = {"role": role, "ended_at": None}
        row = self._role_row(case_id, person_id)
        if row is None:
            self.connection.execute(insert(case_role).values(case_id=case_id, person_id=person_id, **values))
        elif any(row[column] != value for column, value in values.items()):
            self._set(case_role, self._this_role(case_id, person_id), **values)
        if row is None or any(row[column] != value for column, value in values.items()):
            self.touch(case_id)
            self.audit("role_given", person_id, case_id)
        if guards is not None:
            self.guard(case_id, person_id, guards)

    def end_role(self, case_id: str, person_id: str) -> None:
        """The person no longer belongs to the case, nor does whoever is there only to speak for them; the rows stay, and what
        was released to or by them is no longer."""
        if self._in_force(case_role, self._this_role(case_id, person_id)):
            self._end_role(case_id, person_id)
        self.guard(case_id, person_id, ())
        for guardian in self.guardians_of(case_id, person_id):
            self.end_guardian(case_id, guardian, person_id)
        self.close_releases((release.c.from_person_id == person_id) | (release.c.to_person_id == person_id), case_id)

    def milestone(self, case_id: str, person_id: str, name: str, on: date) -> None:
        """The step this person has reached, and the day it was reached. Steps may go back."""
        if name not in MILESTONES:
            raise CaseError(f"milestone must be one of: {', '.join(MILESTONES)}.")
        if not EARLIEST < on <= self.now.date():
            raise CaseError("the milestone's date lies in the future or before 1900.")
        row = self._role_row(case_id, person_id)
        if row is None:
            raise CaseError("this person is not in this case.")
        at = datetime.combine(on, time(), UTC)
        if (row["milestone"], row["milestone_at"]) != (name, at):
            self._set(case_role, self._this_role(case_id, person_id), milestone=name, milestone_at=at)
            self.touch(case_id)
            self.audit("milestone", person_id, case_id)

    def come_of_age(self) -> int:
        """Everybody whose eighteenth birthday has passed speaks for themselves from now on; gives their number."""
        grown = 0
        rows = self.connection.execute(select(person).where(person.c.minor, person.c.erased_at.is_(None))).mappings().all()
        for row in rows:
            born = opened(self.vault, row).born
            if born is not None and age(born, self.now.date()) >= ADULT_AT:
                self._set(person, person.c.id == row["id"], minor=False)
                self.close_releases(release.c.from_person_id == row["id"])  # a guardian's word
                self.audit("came_of_age", row["id"])
                grown += 1
        return grown

    def _minor(self, born: date | None, said: bool | None, known: bool | None) -> bool:
        if born is not None:
            counted = age(born, self.now.date()) < ADULT_AT
            if said is not None and said != counted:
                raise CaseError("minor contradicts the birth date.")
            return counted
        if said is None and known is None:
            raise CaseError("neither birth date nor minor (yes or no) is given.")
        return bool(known if said is None else said)

    def _known(self, case_id: str, person_id: str) -> None:
        erased = self.connection.execute(select(person.c.erased_at).where(person.c.id == person_id).with_for_update()).first()
        if erased is None or erased.erased_at is not None:
            raise CaseError("there is no such person.")
