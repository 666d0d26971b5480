"""Files of cases: what goes in, what does not and in which line, and that nothing goes in by halves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cases.facts import CaseError
from bot.cases.files import Cases
from bot.cases.importer import Report, import_csv
from bot.cases.table import KNOWN, read
from tests.conftest import Clock

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "demo" / "cases.csv"
HEADING = "record,case_number,person_reference,role,guards,name,birth_date,minor,milestone,milestone_date"
CASE = "case,C-1,,,,,,,,"
MOTHER = "person,C-1,P-1,principal,,Alma Sample,1994-03-08,,accepted,2026-02-02"
Put = Callable[..., Report]


@pytest.fixture
def put(tmp_path: Path, cases: Cases, clock: Clock) -> Put:
    """Imports lines (or bytes) as a file."""

    def doing(*lines: str, partial: bool = False, raw: bytes | None = None) -> Report:
        file = tmp_path / "cases.csv"
        file.write_bytes(raw if raw is not None else "\n".join(lines).encode())
        return import_csv(file, cases, partial, "dana", clock.now)

    return doing


def wrong_lines(report: Report) -> list[int]:
    return [problem.line for problem in report.errors]


def test_the_sample_file_goes_in_whole_and_a_second_time_changes_nothing(
    cases: Cases, clock: Clock, actions: Callable[[], list[str]]
) -> None:
    assert import_csv(SAMPLE, cases, False, "dana", clock.now) == Report(15, [])
    once = actions()
    assert import_csv(SAMPLE, cases, False, "dana", clock.now) == Report(15, [])
    assert actions() == once
    child, case = cases.person("P-2"), cases.find("DEMO-1001")
    assert child is not None
    assert case is not None
    assert [flight.number for flight in cases.itinerary(child.id, clock.now, case)] == ["XX 101", "XX 202"]
    (medical,) = cases.appointments(child.id, clock.now, case)
    assert (medical.at.astimezone(UTC), medical.place) == (datetime(2027, 1, 12, 15, 30, tzinfo=UTC), "Clinic, Example Avenue 12")
    held, closed = cases.show("DEMO-1003", "dana", clock.now), cases.show("DEMO-1004", "dana", clock.now)
    assert (held.hold, held.closed, closed.hold, closed.closed) == (True, False, False, True)


def test_one_bad_row_keeps_the_whole_file_out_and_partial_takes_the_good_ones(
    put: Put, cases: Cases, actions: Callable[[], list[str]]
) -> None:
    lines = (HEADING, CASE, MOTHER, "person,C-1,P-2,derivative,,Bruno Sample,2015-02-28,,accepted,2027-02-02")
    report = put(*lines)
    assert (report.rows, wrong_lines(report)) == (0, [4])
    assert "the milestone's date lies in the future" in report.errors[0].text
    assert (cases.find("C-1"), cases.person("P-1")) == (None, None)
    report = put(*lines, partial=True)
    assert (report.rows, wrong_lines(report)) == (2, [4])
    assert cases.person("P-1") is not None
    assert cases.person("P-2") is None
    assert actions() == ["case_added", "person_added", "role_given", "milestone"]


BAD_ROWS = [
    ("person,C-1,P-2,derivative,,,30.11.2015,,,", "birth_date"),
    ("person,C-1,P-2,derivative,,,2026-13-01,,,", "birth_date"),
    ("person,C-1,P-2,derivative,,,2027-01-01,,,", "future"),
    ("person,C-1,P-2,derivative,,,,perhaps,,", "minor"),
    ("person,C-1,P-2,derivative,,,,,,", "neither"),
    ("person,C-1,P-2,,,,,yes,,", "role"),
    ("person,C-1,P-2,derivative,P-1,,,yes,,", "of age"),
    ("person,C-1,P-2,guardian,,,,no,,", "guardian needs"),
    ("person,C-1,P-2,guardian,P-9,,,no,,", "not in this case"),
    ("person,C-1,P-2,guardian,P-1,,,no,,", "minor"),
    ("person,C-1,P-2,derivative,,,,yes,landed,2026-01-01", "milestone"),
    ("person,C-1,P-2,derivative,,,,yes,accepted,", "go together"),
    ("person,C-1,P-2,derivative,,,,yes,accepted,2026-11-22", "future"),
    ("person,C-2,P-2,derivative,,,,yes,,", "no case"),
    ("person,C-1,,derivative,,,,yes,,", "reference"),
    ("person,C-1,P-1,derivative,,,,no,,", "line 3 already"),
    ("case,C-1,,,,,,,,", "line 2 already"),
    ("case,,,,,,,,,", "case number"),
    ("case,C-2,P-1,,,,,,,", "nothing in person_reference"),
    ("visa,C-1,,,,,,,,", "record must be"),
    ("person,C-1,P-2,derivative,,,,yes,", "cells"),
    ("person,C-1,P-2,derivative,,,,yes,,,", "cells"),
    ('person,C-1,P-2,derivative,,"two\nlines",,yes,,', "control"),
]


def test_every_bad_row_is_reported_with_its_line_and_without_what_stands_in_it(put: Put, cases: Cases) -> None:
    report = put(HEADING, CASE, MOTHER, *(row.replace("P-2", f"P-2{number}") for number, (row, _) in enumerate(BAD_ROWS)))
    assert (report.rows, wrong_lines(report)) == (0, list(range(4, 4 + len(BAD_ROWS))))
    for (row, says), problem in zip(BAD_ROWS, report.errors, strict=True):
        assert says in problem.text, row
    assert cases.find("C-1") is None
    assert "Sample" not in str(report)


UNREADABLE = [
    (
        f"{HEADING}\n{CASE}\nperson,C-1,P-1,principal,,José,,no,,\n{CASE}\nperson,C-1,P-2,derivative,,Zoë,,no,,".encode("cp1252"),
        [3, 5],
    ),
    (f"{HEADING}\n{CASE}".encode("utf-16"), [1]),
    (f"{HEADING}\n{CASE}".encode("utf-16-le"), [1]),
    (b"", [1]),
    (b"\xef\xbb\xbf\n\n", [1]),
    (b"PK\x03\x04\x14\x00\x06", [1]),  # a spreadsheet, not a CSV
    (f"{HEADING},shoe_size\n{CASE},9".encode(), [1]),
    (f"{HEADING},name\n{CASE},x".encode(), [1]),
    (b"case_number,name\nC-1,x", [1]),
    (f'{HEADING}\n{CASE}\nperson,C-1,P-1,principal,,"Alma Sample,,no,,\n'.encode(), [3]),
]


def test_a_file_that_cannot_be_read_as_a_whole_puts_nothing_in_also_with_partial(put: Put, cases: Cases) -> None:
    for raw, lines in UNREADABLE:
        report = put(raw=raw, partial=True)
        assert (report.rows, wrong_lines(report)) == (0, lines), raw
    assert cases.find("C-1") is None


def test_spreadsheets_habits_are_understood(put: Put, cases: Cases) -> None:
    text = "\r\n".join((HEADING.upper(), CASE, "", ",,,,,,,,,", MOTHER.replace("Alma Sample", '"Alma\u00a0Ñ"'))).replace(",", ";")
    assert put(raw=b"\xef\xbb\xbf" + text.encode()) == Report(2, [])
    known = cases.person("P-1")
    assert known is not None
    assert known.name == "Alma\u00a0Ñ"


def test_a_guardian_may_stand_before_the_child_and_an_empty_cell_forgets_nothing(put: Put, cases: Cases) -> None:
    guardian, child = (
        "person,C-1,P-0,guardian,P-2,,,no,,",
        "person,C-1,P-2,derivative,,Bruno Sample,2015-07-21,,accepted,2026-02-02",
    )
    assert put(HEADING, guardian, child, CASE) == Report(3, [])
    assert put(HEADING, "person,C-1,P-2,derivative,,,,,,") == Report(1, [])
    known, case = cases.person("P-2"), cases.find("C-1")
    assert known is not None
    assert case is not None
    assert (known.name, known.born, known.minor) == ("Bruno Sample", date(2015, 7, 21), True)
    status = cases.status(case, known.id)
    assert status is not None
    assert status.milestone == "accepted"


def test_a_mother_of_two_has_a_row_for_each_and_keeps_them_until_a_row_says_otherwise(put: Put, cases: Cases, clock: Clock) -> None:
    mother, again = "person,C-1,P-0,derivative,P-2,Ana Sample,,no,,", "person,C-1,P-0,derivative,P-3,,,,,"
    children = [f"person,C-1,{name},derivative,,,,yes,," for name in ("P-2", "P-3")]

    def guards() -> int:
        return max(len(part.guards) for part in cases.show("C-1", "dana", clock.now).people)

    assert put(HEADING, CASE, mother, *children, again) == Report(5, [])
    assert guards() == 2
    assert put(HEADING, "person,C-1,P-0,derivative,,,,,,") == Report(1, [])
    assert guards() == 2
    assert put(HEADING, again) == Report(1, [])
    assert guards() == 1
    assert put(HEADING, "person,C-1,P-0,derivative,-,,,,,") == Report(1, [])
    assert guards() == 0
    report = put(HEADING, mother, again.replace("derivative", "guardian"), partial=True)
    assert (report.rows, wrong_lines(report), guards()) == (0, [3], 0)
    assert put(HEADING, mother, mother).errors[0].line == 3


def test_appointments_are_replaced_by_those_in_the_file_and_kept_when_it_has_none(put: Put, cases: Cases, clock: Clock) -> None:
    heading = f"{HEADING},kind,at,zone,place,cancelled"
    case, mother = f"{CASE},,,,,", f"{MOTHER},,,,,"
    medical = "appointment,C-1,P-1,,,,,,,,medical,2026-12-03 09:30,Asia/Manila,Clinic,"
    interview = "appointment,C-1,P-1,,,,,,,,interview,2026-12-09 08:00,Asia/Manila,Window 7,"

    def kinds() -> list[str]:
        known = cases.person("P-1")
        return [each.kind for each in cases.appointments(known.id, clock.now)] if known else []

    assert put(heading, case, mother, interview, medical) == Report(4, [])
    assert kinds() == ["medical", "interview"]
    assert put(heading, mother) == Report(1, [])
    assert kinds() == ["medical", "interview"]
    bad = interview.replace("08:00", "25:00")
    report = put(heading, medical, bad, partial=True)
    assert (report.rows, wrong_lines(report), kinds()) == (0, [3], ["medical", "interview"])
    assert put(heading, medical, f"{interview}yes") == Report(2, [])
    assert kinds() == ["medical"]
    assert put(heading, f"{medical}yes") == Report(1, [])
    assert kinds() == []


def test_a_file_sets_a_safety_hold_and_never_lifts_one(put: Put, cases: Cases, clock: Clock) -> None:
    heading, case = f"{HEADING},safety_hold", "case,C-1,,,,,,,,"
    assert put(heading, f"{case},yes") == Report(1, [])
    assert put(heading, f"{case},") == Report(1, [])
    report = put(heading, f"{case},no")
    assert (report.rows, wrong_lines(report)) == (0, [2])
    assert "no file lifts" in report.errors[0].text
    assert cases.show("C-1", "dana", clock.now).hold


def test_a_file_that_is_not_there_is_one_line(cases: Cases, clock: Clock, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(CaseError, match="cannot be read"):
            import_csv(path, cases, False, "dana", clock.now)


CELLS = st.sampled_from(
    ["", "case", "person", "flight", "C-1", "P-1", "yes", "principal", "2026-01-01", '"', "\n", "é", "a;b", "\u2028", "\r"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.lists(st.lists(CELLS | st.text(max_size=5), max_size=6), max_size=6), st.binary(max_size=60))
def test_no_file_at_all_makes_the_reader_fail(tmp_path: Path, cells: list[list[str]], noise: bytes) -> None:
    file = tmp_path / "any.csv"
    for raw in (noise, (",".join(KNOWN[:6]) + "\n" + "\n".join(",".join(row) for row in cells)).encode("utf-8", "replace")):
        file.write_bytes(raw)
        rows, problems, readable = read(file)
        last = raw.count(b"\n") + raw.count(b"\r") + 1
        assert all(1 <= each.line <= last for each in (*rows, *problems))
        assert readable or problems
