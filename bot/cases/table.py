"""A CSV file as rows with their line numbers: encoding, heading, cells and doubles are checked here, values elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: The columns that each kind of row may fill.
COLUMNS = {
    "case": ("case_number", "caseworker", "safety_hold", "closed"),
    "person": (
        *("case_number", "person_reference", "role", "guards", "name", "birth_date", "minor", "language"),
        *("milestone", "milestone_date"),
    ),
    "appointment": ("case_number", "person_reference", "kind", "at", "zone", "place", "cancelled"),
    "flight": (
        *("case_number", "person_reference", "flight_number", "from_place", "departs", "from_zone"),
        *("to_place", "arrives", "to_zone", "cancelled"),
    ),
}
#: What must stand in the heading; the other columns may be left out altogether.
NEEDED = ("record", "case_number")
KNOWN = ("record", *dict.fromkeys(column for columns in COLUMNS.values() for column in columns))
#: What makes two rows of a kind the same one.
SAME = {
    "case": ("case_number",),
    "person": ("case_number", "person_reference", "guards"),  # a row for each of those for whom they speak
    "appointment": ("case_number", "person_reference", "kind", "at"),
    "flight": ("case_number", "person_reference", "departs", "from_zone"),
}


@dataclass(frozen=True)
class Problem:
    """What is wrong, and in which line of the file (the first is 1). Never holds what stands in the cells."""

    line: int
    text: str


@dataclass(frozen=True)
class Row:
    """One row; `cells` has every known column, without blanks around."""

    line: int
    kind: str
    cells: Mapping[str, str]


def read(path: Path) -> tuple[list[Row], list[Problem], bool]:
    """The good rows, what is wrong, and whether the file as a whole can be read (else not even its good rows count)."""
    raw = path.read_bytes()
    if bad := _wrong_encoding(raw):
        return [], bad, False
    text = raw.decode("utf-8-sig")
    heading_line = text.partition("\n")[0]
    delimiter = ";" if ";" in heading_line and "," not in heading_line else ","  # as spreadsheets in many languages write it
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    heading: list[str] | None = None
    seen: dict[tuple[str, ...], int] = {}
    before = 0
    try:
        for cells in lines:
            line, before = before + 1, lines.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if heading is None:
                heading = [cell.strip().casefold() for cell in cells]
                if wrong := _wrong_heading(heading):
                    return [], [Problem(line, text) for text in wrong], False
                continue
            found = _row(line, heading, cells, seen)
            if isinstance(found, Row):
                rows.append(found)
            else:
                problems.append(found)
    except csv.Error:
        problems.append(Problem(before + 1, "a quotation mark is opened here and not closed, or closed too early."))
        return [], problems, False
    if heading is None:
        return [], [Problem(1, "the file is empty.")], False
    return rows, problems, True


def _wrong_encoding(raw: bytes) -> list[Problem]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        return [Problem(1, "the file is not UTF-8: save it as «CSV UTF-8».")]
    problems = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            problems.append(Problem(number, "this line is not UTF-8: save the file as «CSV UTF-8»."))
    return problems


def _wrong_heading(heading: list[str]) -> list[str]:
    wrong = [f"unknown column {name!r}; the columns are in docs/cases.md." for name in heading if name not in KNOWN]
    wrong += [f"column {name!r} stands twice." for name in dict.fromkeys(heading) if heading.count(name) > 1]
    wrong += [f"column {name!r} is missing." for name in NEEDED if name not in heading]
    return wrong


def _row(line: int, heading: list[str], cells: list[str], seen: dict[tuple[str, ...], int]) -> Row | Problem:
    if len(cells) != len(heading):
        return Problem(line, f"{len(cells)} cells where the heading has {len(heading)}.")
    values = dict.fromkeys(KNOWN, "") | {name: cell.strip() for name, cell in zip(heading, cells, strict=True)}
    kind = values["record"].casefold()
    if kind not in COLUMNS:
        return Problem(line, f"record must be one of: {', '.join(COLUMNS)}.")
    extra = [name for name in KNOWN[1:] if values[name] and name not in COLUMNS[kind]]
    if extra:
        return Problem(line, f"a row for a {kind} has nothing in {', '.join(extra)}.")
    key = (kind, *(values[name] for name in SAME[kind]))
    if key in seen:
        return Problem(line, f"the same {kind} stands in line {seen[key]} already.")
    seen[key] = line
    return Row(line, kind, values)
