"""`hearth cases import`: a CSV file of cases, people, appointments and flights. All of it goes in, or nothing.

With `partial` the good rows go in and the bad ones are only reported. Empty cells leave what is known as it is. The
appointments of a person in the file replace those to come that we know, as do flights the journey; a person without any such
row keeps theirs. A file may set a safety hold, and never lifts one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from bot.cases.facts import Appointment, CaseError, Flight
from bot.cases.files import Cases, Change
from bot.cases.table import Problem, Row, read

T = TypeVar("T")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: In the column `guards`: they speak for nobody any longer.
NOBODY = "-"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")


@dataclass(frozen=True)
class Report:
    """`rows` went in; `errors` did not, by line."""

    rows: int
    errors: list[Problem] = field(default_factory=list)


class _NothingGoesIn(Exception):
    """Undoes the transaction."""


def import_csv(path: Path, cases: Cases, partial: bool, by: str, now: datetime) -> Report:
    """Raises CaseError for a file that cannot be opened; everything wrong inside it is in the report."""
    try:
        rows, problems, readable = read(path)
    except OSError:
        raise CaseError(f"{path} cannot be read: does it exist, and may you read it?") from None
    if not readable:
        return Report(0, problems)
    done = 0
    try:
        with cases.changing(by, now) as change:
            for group in _in_order(rows):
                wrong = _apply(change, group)
                problems.extend(wrong)
                done += 0 if wrong else len(group)
            if problems and not partial:
                raise _NothingGoesIn
    except _NothingGoesIn:
        done = 0
    return Report(done, sorted(problems, key=lambda problem: problem.line))


def _in_order(rows: Iterable[Row]) -> list[list[Row]]:
    """What goes in together: a case, a person, all appointments or flights of one person; guardians after those they guard."""
    rank = {"case": 0, "person": 1, "appointment": 3, "flight": 4}
    rows = list(rows)
    guarding = {_who(row) for row in rows if row.kind == "person" and row.cells["guards"]}

    def place(row: Row) -> tuple[int, str, str]:
        return rank[row.kind] + (row.kind == "person" and _who(row) in guarding), *_who(row)

    return [list(group) for _, group in groupby(sorted(rows, key=place), key=place)]


def _who(row: Row) -> tuple[str, str]:
    return row.cells["case_number"], row.cells["person_reference"]


def _apply(change: Change, group: list[Row]) -> list[Problem]:
    """Writes one group, or nothing of it; gives what is wrong. A bad appointment keeps the person's other ones out too."""
    wrong: list[Problem] = []
    first = group[0]
    steps: dict[str, Callable[[Change, list[Row]], None]] = {
        "case": _case,
        "person": _person,
        "appointment": _appointments,
        "flight": _flights,
    }
    try:
        with change.attempt():
            steps[first.kind](change, group)
    except _Wrong as error:
        wrong.extend(error.problems)
    except CaseError as error:
        wrong.append(Problem(first.line, str(error)))
    return wrong


class _Wrong(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _case(change: Change, group: list[Row]) -> None:
    cells = group[0].cells
    case_id = change.case(cells["case_number"], caseworker=cells["caseworker"] or None)
    hold, closed = yes_or_no(cells["safety_hold"], "safety_hold"), yes_or_no(cells["closed"], "closed")
    if hold:
        change.hold(case_id, True)
    elif hold is False and change.held(case_id):
        raise CaseError(
            "this case is on safety hold, which no file lifts: use `hearth cases hold --lift`, or leave the cell empty."
        )
    if closed is not None:
        change.close(case_id, closed)


def _person(change: Change, group: list[Row]) -> None:
    cells = _one_person(group)
    case_id = change.case_id(cells["case_number"])
    person_id = change.person(
        cells["person_reference"],
        name=cells["name"] or None,
        born=day(cells["birth_date"], "birth_date") if cells["birth_date"] else None,
        language=cells["language"].casefold() or None,
        minor=yes_or_no(cells["minor"], "minor"),
    )
    named = [row.cells["guards"] for row in group if row.cells["guards"]]
    wards = tuple(change.person_id(case_id, reference) for reference in named if reference != NOBODY)
    change.role(case_id, person_id, cells["role"].casefold(), wards if named else None)
    if bool(cells["milestone"]) != bool(cells["milestone_date"]):
        raise CaseError("milestone and milestone_date go together.")
    if cells["milestone"]:
        change.milestone(case_id, person_id, cells["milestone"].casefold(), day(cells["milestone_date"], "milestone_date"))


def _one_person(group: list[Row]) -> dict[str, str]:
    """What all rows of a person say together; a cell that is empty in one may be filled in another."""
    cells = dict(group[0].cells)
    for row in group[1:]:
        for column, value in row.cells.items():
            if column != "guards" and value and cells[column] and value != cells[column]:
                raise _Wrong([Problem(row.line, f"{column} is another one than in line {group[0].line}, of the same person.")])
            cells[column] = cells[column] or value
    return cells


def _appointments(change: Change, group: list[Row]) -> None:
    def one(row: Row) -> Appointment:
        cells = row.cells
        return Appointment.of(cells["kind"].casefold(), minute(cells["at"], "at"), cells["zone"], cells["place"])

    case_id = change.case_id(group[0].cells["case_number"])
    person_id = change.person_id(case_id, group[0].cells["person_reference"])
    change.appointments(case_id, person_id, _each(group, one))


def _flights(change: Change, group: list[Row]) -> None:
    def one(row: Row) -> Flight:
        cells = row.cells
        departs, arrives = minute(cells["departs"], "departs"), minute(cells["arrives"], "arrives")
        places = cells["from_place"], departs, cells["from_zone"], cells["to_place"], arrives, cells["to_zone"]
        return Flight.of(cells["flight_number"], *places)

    case_id = change.case_id(group[0].cells["case_number"])
    person_id = change.person_id(case_id, group[0].cells["person_reference"])
    change.itinerary(case_id, person_id, _each(group, one))


def _each(group: list[Row], one: Callable[[Row], T]) -> list[T]:
    """Every row that is not cancelled, or all that is wrong with them; also a cancelled one must make sense."""
    found: list[T] = []
    problems: list[Problem] = []
    for row in group:
        try:
            value, cancelled = one(row), yes_or_no(row.cells["cancelled"], "cancelled")
        except CaseError as error:
            problems.append(Problem(row.line, str(error)))
            continue
        if not cancelled:
            found.append(value)
    if problems:
        raise _Wrong(problems)
    return found


def day(text: str, column: str) -> date:
    """A date as year-month-day; raises CaseError for any other writing and for a day that does not exist."""
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise CaseError(f"{column} must be a real date written like 2026-11-30.") from None


def minute(text: str, column: str) -> datetime:
    """A local time to the minute; raises CaseError like `day`."""
    try:
        return datetime.fromisoformat(text if _TIME.fullmatch(text) else "")
    except ValueError:
        raise CaseError(f"{column} must be a real time written like 2026-11-30 14:05.") from None


def yes_or_no(text: str, column: str) -> bool | None:
    """Yes, no, or None for an empty cell; raises CaseError for anything else."""
    if text.casefold() not in ("", "yes", "no"):
        raise CaseError(f"{column} must be yes, no or empty.")
    return None if not text else text.casefold() == "yes"
