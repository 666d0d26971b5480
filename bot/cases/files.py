"""Cases: the one door through which people, roles, steps, dates and journeys are written and read.

Every method of a change writes its own line into the audit log, in the same transaction. What a person is shown is read
here too, but whether they may see it is decided elsewhere (bot/consent), and that reading is audited there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from bot.cases import view
from bot.cases.facts import Appointment, CaseError, Flight, Person, Status, age, plain
from bot.cases.journeys import JourneyChanges
from bot.cases.people import PeopleChanges
from bot.cases.rows import case_row, number_of, opened, person_row
from bot.cases.view import CaseView
from bot.store.db import reading
from bot.store.seal import Sealer
from bot.store.tables import case_file, case_role, person
from bot.store.vault import Vault


class Change(PeopleChanges, JourneyChanges):
    """Changes that stand or fall together; see `Cases.changing`."""

    def case(self, number: str, *, caseworker: str | None = None) -> str:
        """Makes a case, or changes its caseworker of record; gives its id. None leaves what is known."""
        number = number_of(number, "case number")
        caseworker = plain(caseworker, "caseworker", 80) if caseworker is not None else None
        row = case_row(self.connection, self.sealer, number)
        if row is None:
            new = uuid.uuid4().hex
            values = {"id": new, "number_hash": self.sealer.lookups(number)[0], "number": self.sealer.seal(number)}
            times = {"updated_at": self.now, "created_at": self.now}
            self.connection.execute(insert(case_file).values(**values, **times, safety_hold=False, caseworker=caseworker))
            self.audit("case_added", case_id=new)
            return new
        if caseworker is not None and caseworker != row["caseworker"]:
            self._set(case_file, case_file.c.id == row["id"], caseworker=caseworker)
            self.audit("caseworker", case_id=row["id"])
        found: str = row["id"]
        return found

    def case_id(self, number: str) -> str:
        """The id of a case that is there; raises CaseError for an unknown number."""
        row = case_row(self.connection, self.sealer, number_of(number, "case number"))
        if row is None:
            raise CaseError("there is no case with this number.")
        found: str = row["id"]
        return found

    def person_id(self, case_id: str, reference: str) -> str:
        """The id of a person who belongs to the case now; raises CaseError for anybody else."""
        row = person_row(self.connection, self.sealer, number_of(reference, "person reference"))
        role = self._role_row(case_id, row["id"]) if row else None
        if row is None or row["erased_at"] is not None or role is None or role["ended_at"] is not None:
            raise CaseError("this person is not in this case.")
        found: str = row["id"]
        return found

    def erased(self, reference: str) -> bool:
        """True for a reference whose person asked to be erased; nothing of theirs may be brought in again."""
        row = person_row(self.connection, self.sealer, reference)
        return row is not None and row["erased_at"] is not None

    def only(self, case_id: str, references: Iterable[str]) -> None:
        """Ends the role of everybody else in the case."""
        hashes = {hashed for reference in references for hashed in self.sealer.lookups(reference)}
        query = select(person.c.id, person.c.reference_hash).join(case_role, case_role.c.person_id == person.c.id)
        here = (case_role.c.case_id == case_id, case_role.c.ended_at.is_(None))
        for row in self.connection.execute(query.where(*here)).all():
            if row.reference_hash not in hashes:
                self.end_role(case_id, row.id)

    def held(self, case_id: str) -> bool:
        """True while the case is on safety hold."""
        return bool(self.connection.scalar(select(case_file.c.safety_hold).where(case_file.c.id == case_id)))

    def hold(self, case_id: str, on: bool) -> None:
        """Safety hold: while it is on, nothing about the case is shown to anybody. No file and no other system lifts it."""
        where = (case_file.c.id == case_id) & (case_file.c.safety_hold != on)
        if self.connection.execute(update(case_file).where(where).values(safety_hold=on)).rowcount:
            self.audit("hold_set" if on else "hold_lifted", case_id=case_id)

    def close(self, case_id: str, closed: bool = True) -> None:
        """Closes the case, or opens it again."""
        wrong = case_file.c.closed_at.is_(None) if closed else case_file.c.closed_at.is_not(None)
        where = (case_file.c.id == case_id) & wrong
        if self.connection.execute(update(case_file).where(where).values(closed_at=self.now if closed else None)).rowcount:
            self.audit("closed" if closed else "reopened", case_id=case_id)


class Cases:
    """All cases. Safe to share between threads."""

    def __init__(self, engine: Engine, sealer: Sealer, vault: Vault) -> None:
        self._engine, self._sealer, self._vault = engine, sealer, vault

    @contextmanager
    def changing(self, by: str, now: datetime) -> Iterator[Change]:
        """One transaction: `with cases.changing(by, now) as change: change.hold(case_id, True)`. An error undoes all of it."""
        with self._engine.begin() as connection:
            change = Change(connection, self._sealer, self._vault, by, now)
            yield change
            change.write_audit()

    def find(self, case_number: str) -> str | None:
        """The id of the case with this number."""
        with reading(self._engine).connect() as connection:
            row = case_row(connection, self._sealer, case_number)
        return row["id"] if row else None

    def number(self, case_id: str) -> str | None:
        """The number of the case with this id, for asking another system about it."""
        with reading(self._engine).connect() as connection:
            sealed = connection.scalar(select(case_file.c.number).where(case_file.c.id == case_id))
        return str(self._sealer.open(sealed)) if sealed is not None else None

    def open_numbers(self) -> list[str]:
        """The numbers of all cases that are not closed, oldest first."""
        query = select(case_file.c.number).where(case_file.c.closed_at.is_(None)).order_by(case_file.c.created_at, case_file.c.id)
        with reading(self._engine).connect() as connection:
            return [str(self._sealer.open(row.number)) for row in connection.execute(query)]

    def person(self, reference: str) -> Person | None:
        """The person with the office's own reference; None for an unknown one."""
        with reading(self._engine).connect() as connection:
            row = person_row(connection, self._sealer, reference)
            return opened(self._vault, row) if row else None

    def age(self, person_id: str, now: datetime) -> int | None:
        """In whole years, where the birth date is known."""
        with reading(self._engine).connect() as connection:
            row = connection.execute(select(person).where(person.c.id == person_id)).mappings().first()
            born = opened(self._vault, row).born if row else None
        return age(born, now.date()) if born else None

    def status(self, case_id: str, person_id: str) -> Status | None:
        """Where this person's own part of the case stands; None for somebody who is not, or no longer, in it."""
        with reading(self._engine).connect() as connection:
            return view.status(connection, case_id, person_id)

    def appointments(self, person_id: str, now: datetime, case_id: str | None = None) -> list[Appointment]:
        """The person's appointments from today on (today at the place), in order; of one case only when it is given."""
        with reading(self._engine).connect() as connection:
            return view.appointments(connection, self._vault, person_id, now, case_id)

    def itinerary(self, person_id: str, now: datetime, case_id: str | None = None) -> list[Flight]:
        """The person's journey, in order, until a day after its last flight was to land: flights are late."""
        with reading(self._engine).connect() as connection:
            return view.flights(connection, self._vault, person_id, now, case_id)

    def show(self, case_number: str, by: str, now: datetime) -> CaseView:
        """The whole case for a member of staff; one audit line for each person in it. Raises CaseError when unknown."""
        with self.changing(by, now) as change:
            row = case_row(change.connection, self._sealer, case_number)
            if row is None:
                raise CaseError("there is no case with this number: see `hearth cases import`.")
            seen = view.whole(change.connection, self._sealer, self._vault, row, now)
            for part in seen.people:
                change.audit("case_shown", part.person.id, row["id"])
        return seen
