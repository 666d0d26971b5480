"""Changes to appointments and journeys. What is given is what stands from now on: what is no longer in it is cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import RowMapping, Table, insert, select, update

from bot.cases.facts import Appointment, CaseError, Flight
from bot.cases.rows import subject
from bot.cases.writing import Writing
from bot.store.tables import appointment, case_file, case_role, itinerary, person


class JourneyChanges(Writing):
    """The part of a change that is about dates and flights."""

    def appointments(self, case_id: str, person_id: str, wanted: Iterable[Appointment]) -> None:
        """The person's appointments to come; a past one stays as it was."""
        self._in_case(case_id, person_id)
        want = {each for each in wanted if each.at >= self.now}
        have = {Appointment.opened(value): row for row, value in self._rows(appointment, case_id, person_id)}
        gone = [row for each, row in have.items() if each not in want and each.at >= self.now]
        new = sorted(want - have.keys(), key=lambda each: each.at)
        for row in gone:
            self.connection.execute(update(appointment).where(appointment.c.id == row["id"]).values(cancelled_at=self.now))
        for each in new:
            sealed = self.vault.seal(subject(person_id), each.stored())
            values = {"case_id": case_id, "person_id": person_id, "details": sealed, "created_at": self.now}
            self.connection.execute(insert(appointment).values(values))
        if gone or new:
            self.touch(case_id)
            self.audit("appointments", person_id, case_id)

    def itinerary(self, case_id: str, person_id: str, flights: Sequence[Flight]) -> None:
        """The person's journey, flights in any order; none at all cancels it. Raises CaseError for flights that overlap."""
        self._in_case(case_id, person_id)
        ordered = sorted(set(flights), key=lambda flight: flight.departs.timestamp())
        for first, second in pairwise(ordered):
            if second.departs.timestamp() < first.arrives.timestamp():
                raise CaseError("two flights of this person overlap: check their times and zones.")
        have = self._rows(itinerary, case_id, person_id)
        now_stands = [[Flight.opened(flight) for flight in value["flights"]] for _, value in have]
        if now_stands == ([ordered] if ordered else []):
            return
        mine = (itinerary.c.case_id == case_id, itinerary.c.person_id == person_id, itinerary.c.cancelled_at.is_(None))
        self.connection.execute(update(itinerary).where(*mine).values(cancelled_at=self.now))
        if ordered:
            sealed = self.vault.seal(subject(person_id), {"flights": [flight.stored() for flight in ordered]})
            values = {"case_id": case_id, "person_id": person_id, "details": sealed, "created_at": self.now}
            self.connection.execute(insert(itinerary).values(values))
        self.touch(case_id)
        self.audit("itinerary", person_id, case_id)

    def _rows(self, table: Table, case_id: str, person_id: str) -> list[tuple[RowMapping, dict[str, Any]]]:
        mine = (table.c.case_id == case_id, table.c.person_id == person_id, table.c.cancelled_at.is_(None))
        rows = self.connection.execute(select(table).where(*mine)).mappings().all()
        return [(row, self.vault.open(subject(person_id), row["details"])) for row in rows]

    def _in_case(self, case_id: str, person_id: str) -> None:
        """Also holds the case, so that two changes at once do not both add what is new; and the person against erasure."""
        self.connection.execute(select(case_file.c.id).where(case_file.c.id == case_id).with_for_update())
        mine = (case_role.c.case_id == case_id, case_role.c.person_id == person_id, case_role.c.ended_at.is_(None))
        belongs = self.connection.execute(select(case_role.c.person_id).where(*mine)).first()
        alive = select(person.c.id).where(person.c.id == person_id, person.c.erased_at.is_(None)).with_for_update()
        if belongs is None or self.connection.execute(alive).first() is None:
            raise CaseError("this person is not in this case.")
