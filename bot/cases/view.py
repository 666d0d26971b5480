"""Reading what is sealed: one person's dates and journey, and a whole case for staff. Decides nothing about who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, func, select, type_coerce

from bot.cases.facts import Appointment, Flight, Person, Status
from bot.cases.rows import opened, subject
from bot.store.seal import Sealer
from bot.store.tables import Utc, appointment, audit, case_file, case_role, guardianship, itinerary, person
from bot.store.vault import Vault

LATE_FLIGHTS = timedelta(days=1)
#: The audit's actions that are news for the person they are about.
NEWS = ("milestone", "appointments", "itinerary")


@dataclass(frozen=True)
class PartView:
    """One person's part of a case. `guards` are the ids of those for whom they speak."""

    person: Person
    role: str
    guards: tuple[str, ...]
    milestone: str | None
    since: date | None
    ended: bool
    appointments: list[Appointment]
    flights: list[Flight]


@dataclass(frozen=True)
class CaseView:
    """A case as staff see it."""

    id: str
    number: str
    caseworker: str | None
    hold: bool
    closed: bool
    updated_at: datetime
    people: list[PartView]


def status(connection: Connection, case_id: str, person_id: str) -> Status | None:
    """This person's own part only: also when it was last changed says nothing about anybody else in the case."""
    lines = (audit.c.person_id == person_id, audit.c.case_id == case_id, audit.c.action.in_(NEWS))
    changed = select(func.max(audit.c.at)).where(*lines).scalar_subquery()
    columns = (
        case_role.c.milestone,
        case_role.c.milestone_at,
        case_file.c.safety_hold,
        case_file.c.closed_at,
        case_file.c.created_at,
    )
    query = select(*columns, type_coerce(changed, Utc).label("changed")).join(case_file, case_role.c.case_id == case_file.c.id)
    mine = (case_role.c.case_id == case_id, case_role.c.person_id == person_id, case_role.c.ended_at.is_(None))
    row = connection.execute(query.where(*mine)).first()
    if row is None:
        return None
    since = row.milestone_at.date() if row.milestone_at else None
    return Status(row.milestone, since, row.safety_hold, row.closed_at is not None, row.changed or row.created_at)


def appointments(connection: Connection, vault: Vault, person_id: str, now: datetime, case_id: str | None) -> list[Appointment]:
    """From the current day at the place on, in order."""
    rows = _standing(connection, appointment, person_id, case_id)
    found = [Appointment.opened(vault.open(subject(person_id), row["details"])) for row in rows]
    kept = [each for each in found if each.at.date() >= now.astimezone(ZoneInfo(each.zone)).date()]
    return sorted(kept, key=lambda each: each.at)


def flights(connection: Connection, vault: Vault, person_id: str, now: datetime, case_id: str | None) -> list[Flight]:
    """The flights of journeys that are not over, in order."""
    rows = _standing(connection, itinerary, person_id, case_id)
    journeys = [[Flight.opened(each) for each in vault.open(subject(person_id), row["details"])["flights"]] for row in rows]
    kept = [journey for journey in journeys if journey and journey[-1].arrives + LATE_FLIGHTS > now]
    return sorted((flight for journey in kept for flight in journey), key=lambda flight: flight.departs.timestamp())


def whole(connection: Connection, sealer: Sealer, vault: Vault, case: RowMapping, now: datetime) -> CaseView:
    """Everything about a case."""
    query = (
        select(person, case_role.c.role, case_role.c.milestone, case_role.c.milestone_at)
        .add_columns(case_role.c.ended_at)
        .join(case_role, case_role.c.person_id == person.c.id)
        .where(case_role.c.case_id == case["id"])
        .order_by(case_role.c.role.desc(), person.c.created_at, person.c.id)
    )
    speaks = select(guardianship).join(person, person.c.id == guardianship.c.ward_id).where(guardianship.c.ended_at.is_(None))
    speaks = speaks.where(guardianship.c.case_id == case["id"]).order_by(person.c.created_at, person.c.id)
    spoken = connection.execute(speaks).all()
    people = []
    for row in connection.execute(query).mappings().all():
        found = opened(vault, row)
        people.append(
            PartView(
                person=found,
                role=row["role"],
                guards=tuple(each.ward_id for each in spoken if each.guardian_id == found.id),
                milestone=row["milestone"],
                since=row["milestone_at"].date() if row["milestone_at"] else None,
                ended=row["ended_at"] is not None,
                appointments=[] if found.erased else appointments(connection, vault, found.id, now, case["id"]),
                flights=[] if found.erased else flights(connection, vault, found.id, now, case["id"]),
            )
        )
    held, closed = case["safety_hold"], case["closed_at"] is not None
    return CaseView(case["id"], str(sealer.open(case["number"])), case["caseworker"], held, closed, case["updated_at"], people)


def _standing(connection: Connection, table: Table, person_id: str, case_id: str | None) -> list[RowMapping]:
    query = select(table).where(table.c.person_id == person_id, table.c.cancelled_at.is_(None))
    if case_id is not None:
        query = query.where(table.c.case_id == case_id)
    return list(connection.execute(query).mappings())
