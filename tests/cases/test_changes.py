"""Changes to cases: what is kept and sealed, what is refused, and that each leaves its line in the audit log or none at all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update

from bot.cases.facts import Appointment, CaseError, Flight
from bot.cases.files import Cases, Change
from bot.consent import audit as log
from bot.consent.ledger import Ledger, released
from bot.store.seal import Sealer
from bot.store.tables import metadata, person
from bot.store.vault import Vault
from tests.cases.conftest import Changing
from tests.conftest import KEYS, Clock

MEDICAL = Appointment.of("medical", datetime(2026, 12, 3, 9, 30), "Asia/Manila", "Clinic 12")
INTERVIEW = Appointment.of("interview", datetime(2026, 12, 9, 8, 0), "Asia/Manila", "Window 7")
FIRST = Flight.of(
    "XX 1", "Manila", datetime(2026, 12, 20, 21), "Asia/Manila", "Los Angeles", datetime(2026, 12, 20, 18), "America/Los_Angeles"
)
SECOND = Flight.of(
    *("XX 2", "Los Angeles", datetime(2026, 12, 20, 22), "America/Los_Angeles"),
    *("Chicago", datetime(2026, 12, 21, 4), "America/Chicago"),
)


def family(change: Change) -> tuple[str, str, str, str]:
    """A case with a mother, her child, and the aunt who speaks for the child."""
    case = change.case("C-1", caseworker="dana")
    mother = change.person("P-1", name="Alma Sample", born=date(1994, 3, 8), language="es")
    child = change.person("P-2", name="Bruno Sample", born=date(2015, 7, 21))
    aunt = change.person("P-3", minor=False)
    change.role(case, mother, "principal")
    change.role(case, child, "derivative")
    change.role(case, aunt, "guardian", guards=(child,))
    return case, mother, child, aunt


def test_what_is_entered_is_found_again(cases: Cases, changing: Changing) -> None:
    with changing() as change:
        case, mother, child, aunt = family(change)
        change.milestone(case, mother, "application_filed", date(2026, 9, 14))
    assert cases.find(" C-1 ") == case
    assert (cases.find("C-2"), cases.person("P-9"), cases.number(case), cases.number("x")) == (None, None, "C-1", None)
    known = cases.person("P-1")
    assert known is not None
    assert (known.id, known.name, known.born, known.language, known.minor) == (mother, "Alma Sample", date(1994, 3, 8), "es", False)
    status = cases.status(case, mother)
    assert status is not None
    assert (status.milestone, status.since, status.hold, status.closed) == ("application_filed", date(2026, 9, 14), False, False)
    seen = cases.show("C-1", "dana", datetime.now().astimezone())
    assert {part.person.reference: (part.role, part.guards) for part in seen.people} == {
        "P-1": ("principal", ()),
        "P-2": ("derivative", ()),
        "P-3": ("guardian", (child,)),
    }
    assert aunt in {part.person.id for part in seen.people}


def test_nothing_of_a_person_stands_in_the_database_in_clear(changing: Changing, engine: Engine) -> None:
    with changing() as change:
        case, mother, *_ = family(change)
        change.appointments(case, mother, [MEDICAL])
        change.itinerary(case, mother, [FIRST])
    with engine.connect() as connection:
        everything = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        sealed = connection.execute(select(person.c.details)).scalars().all()
    for word in ("Alma Sample", "'P-1'", "'C-1'", "1994-03-08", "Clinic 12", "XX 1", "Asia/Manila", "2026-12-03"):
        assert not any(word in row for row in everything), word
        assert not any(word.encode() in bytes(value) for value in sealed), word


def test_an_error_undoes_the_change_and_its_audit_lines(
    cases: Cases, changing: Changing, actions: Callable[[], list[str]], engine: Engine
) -> None:
    def enter() -> None:
        with changing() as change:
            case, mother, *_ = family(change)
            change.milestone(case, mother, "granted", date(2026, 1, 1))

    with pytest.raises(CaseError):
        enter()
    assert (cases.find("C-1"), cases.person("P-1"), actions()) == (None, None, [])
    with changing() as change:
        family(change)
    assert actions() == ["case_added", *["person_added"] * 3, *["role_given"] * 3, "guardian_given"]
    assert log.verify(engine) == []


def test_a_change_that_changes_nothing_writes_nothing(changing: Changing, actions: Callable[[], list[str]]) -> None:
    for _ in range(2):
        with changing() as change:
            case, mother, *_ = family(change)
            change.milestone(case, mother, "accepted", date(2026, 2, 2))
            change.appointments(case, mother, [MEDICAL, INTERVIEW])
            change.itinerary(case, mother, [SECOND, FIRST])
            change.hold(case, False)
            change.close(case, False)
        written = actions()
    roles = [*["role_given"] * 3, "guardian_given"]
    assert written == ["case_added", *["person_added"] * 3, *roles, "milestone", "appointments", "itinerary"]


FIRST_AGAIN = Flight.of(
    *("XX 9", "Manila", datetime(2026, 12, 20, 23), "Asia/Manila"), *("Tokyo", datetime(2026, 12, 21, 4), "Asia/Tokyo")
)
REFUSED: list[Callable[..., object]] = [
    lambda change, case, mother, child, aunt: change.role(case, child, "principal"),  # there is one already
    lambda change, case, mother, child, aunt: change.role(case, child, "cousin"),
    lambda change, case, mother, child, aunt: change.role(case, change.person("P-8", minor=False), "guardian"),
    lambda change, case, mother, child, aunt: change.role(case, aunt, "guardian", guards=()),
    lambda change, case, mother, child, aunt: change.role(case, aunt, "guardian", guards=(child, mother)),  # of age
    lambda change, case, mother, child, aunt: change.role(case, aunt, "guardian", guards=(aunt,)),
    lambda change, case, mother, child, aunt: change.role(case, child, "guardian", guards=(child,)),
    lambda change, case, mother, child, aunt: change.role(case, child, "derivative", guards=(child,)),
    lambda change, case, mother, child, aunt: change.role(case, aunt, "guardian", guards=(change.person("P-8", minor=True),)),
    lambda change, case, mother, child, aunt: change.role(case, "nobody", "derivative"),
    lambda change, case, mother, child, aunt: change.milestone(case, mother, "accepted", date(2026, 11, 22)),  # tomorrow
    lambda change, case, mother, child, aunt: change.milestone(
        case, change.person("P-8", minor=True), "accepted", date(2026, 1, 1)
    ),
    lambda change, case, mother, child, aunt: change.person("P-8"),  # of age or not?
    lambda change, case, mother, child, aunt: change.person("P-2", minor=False),  # born 2015
    lambda change, case, mother, child, aunt: change.person("P-8", born=date(2026, 11, 22)),
    lambda change, case, mother, child, aunt: change.person("P-8", minor=True, language="xx"),
    lambda change, case, mother, child, aunt: change.person("  ", minor=True),
    lambda change, case, mother, child, aunt: change.itinerary(case, mother, [FIRST, FIRST_AGAIN]),
    lambda change, case, mother, child, aunt: change.appointments(case, change.person("P-8", minor=True), [MEDICAL]),
    lambda change, case, mother, child, aunt: change.case_id("C-9"),
    lambda change, case, mother, child, aunt: change.person_id(case, "P-9"),
]


def test_what_cannot_be_is_refused(changing: Changing, actions: Callable[[], list[str]]) -> None:
    for number, wrong in enumerate(REFUSED):
        with pytest.raises(CaseError), changing() as change:  # noqa: PT012
            wrong(change, *family(change))
            pytest.fail(f"number {number} was taken")
    assert actions() == []


def test_dates_and_flights_are_replaced_and_what_has_passed_stays(cases: Cases, changing: Changing, clock: Clock) -> None:
    with changing() as change:
        case, mother, *_ = family(change)
        change.appointments(case, mother, [INTERVIEW, MEDICAL])
        change.itinerary(case, mother, [SECOND, FIRST])
    assert cases.appointments(mother, clock.now) == [MEDICAL, INTERVIEW]
    assert cases.itinerary(mother, clock.now, case) == [FIRST, SECOND]
    assert (cases.appointments(mother, clock.now, "other"), cases.itinerary(mother, clock.now, "other")) == ([], [])

    clock.now = MEDICAL.at + timedelta(hours=1)
    assert cases.appointments(mother, clock.now) == [MEDICAL, INTERVIEW]  # still today there: they may be late
    with changing() as change:
        change.appointments(case, mother, [])
        change.itinerary(case, mother, [FIRST])
    assert cases.appointments(mother, clock.now) == [MEDICAL]
    assert cases.itinerary(mother, clock.now) == [FIRST]

    clock.now = MEDICAL.at + timedelta(days=1)
    assert cases.appointments(mother, clock.now) == []
    assert cases.itinerary(mother, FIRST.arrives + timedelta(hours=23)) == [FIRST]  # late flights
    assert cases.itinerary(mother, FIRST.arrives + timedelta(hours=25)) == []


def test_when_somebody_elses_part_changes_ones_own_does_not_look_newer(cases: Cases, changing: Changing, clock: Clock) -> None:
    with changing() as change:
        case, mother, child, _ = family(change)
        change.milestone(case, child, "referred", date(2026, 2, 2))
    clock.pass_(3600)
    with changing() as change:
        change.milestone(case, mother, "accepted", date(2026, 2, 2))
    ours, theirs = cases.status(case, child), cases.status(case, mother)
    assert ours is not None
    assert theirs is not None
    assert (ours.updated_at, theirs.updated_at) == (clock.now - timedelta(hours=1), clock.now)


def test_who_leaves_a_case_and_who_spoke_for_them_have_no_part_in_it(cases: Cases, changing: Changing) -> None:
    with changing() as change:
        case, mother, child, aunt = family(change)
        change.only(case, ["P-1", "P-3"])
    assert cases.status(case, mother) is not None
    assert (cases.status(case, child), cases.status(case, aunt)) == (None, None)
    with changing() as change:
        change.role(case, child, "derivative")
    assert cases.status(case, child) is not None


def test_one_person_speaks_for_several_and_may_be_something_else_too(cases: Cases, changing: Changing, clock: Clock) -> None:
    with changing() as change:
        case, mother, child, aunt = family(change)
        baby = change.person("P-4", minor=True)
        change.role(case, baby, "derivative")
        change.role(case, mother, "principal", guards=(child, baby))
        change.role(case, aunt, "guardian", guards=(child, baby))

    def guards() -> dict[str, tuple[str, ...]]:
        return {
            part.person.id: tuple(sorted(part.guards)) for part in cases.show("C-1", "dana", clock.now).people if not part.ended
        }

    both = tuple(sorted((child, baby)))
    assert guards() == {mother: both, aunt: both, child: (), baby: ()}
    with changing() as change:
        change.role(case, mother, "principal")  # says nothing about the children
        change.role(case, aunt, "guardian", guards=(baby,))
    assert guards() == {mother: both, aunt: (baby,), child: (), baby: ()}
    with changing() as change:
        change.end_role(case, baby)
    assert guards() == {mother: (child,), child: ()}  # the aunt was nothing else there
    with changing() as change:
        change.role(case, mother, "principal", guards=())
    assert guards() == {mother: (), child: ()}


def test_what_was_released_ends_with_the_guardian_with_childhood_and_with_the_role(
    changing: Changing, engine: Engine, clock: Clock
) -> None:
    ledger = Ledger(engine)

    def let(from_person: str, *, stands: bool = True) -> bool:
        with engine.begin() as connection:
            if stands:
                ledger.release(connection, case, from_person, mother, clock.now)
            return released(connection, case, from_person, mother)

    with changing() as change:
        case, mother, child, _ = family(change)
        sister = change.person("P-4", minor=False)
        change.role(case, sister, "derivative", guards=(child,))
    assert let(child)
    with changing() as change:
        change.role(case, sister, "derivative", guards=())
    assert not let(child, stands=False)
    assert let(child)
    clock.now = datetime(2033, 7, 22, tzinfo=clock.now.tzinfo)
    with changing() as change:
        assert change.come_of_age() == 1
    assert not let(child, stands=False)
    assert let(sister)
    with changing() as change:
        change.end_role(case, sister)
    with changing() as change:
        change.role(case, sister, "derivative")
    assert not let(sister, stands=False)


def test_hold_and_closing_show_at_once_and_go_both_ways(cases: Cases, changing: Changing, actions: Callable[[], list[str]]) -> None:
    with changing() as change:
        case, mother, *_ = family(change)
    for hold, closed in ((True, False), (True, True), (False, True), (False, False)):
        with changing() as change:
            change.hold(case, hold)
            change.close(case, closed)
        status = cases.status(case, mother)
        assert status is not None
        assert (status.hold, status.closed) == (hold, closed)
        assert cases.open_numbers() == ([] if closed else ["C-1"])
    assert actions()[-4:] == ["hold_set", "closed", "hold_lifted", "reopened"]


def test_an_erased_person_cannot_be_brought_in_again_and_gets_no_new_key(
    cases: Cases, changing: Changing, engine: Engine, vault: Vault, clock: Clock
) -> None:
    with changing() as change:
        case, mother, *_ = family(change)
    assert vault.destroy(f"person:{mother}")
    with engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == mother).values(erased_at=clock.now, details=b""))
    for wrong in (
        lambda change: change.person("P-1", name="Alma Sample", minor=False),
        lambda change: change.role(case, mother, "derivative"),
        lambda change: change.appointments(case, mother, [MEDICAL]),
        lambda change: change.itinerary(case, mother, [FIRST]),
        lambda change: change.person_id(case, "P-1"),
    ):
        with pytest.raises(CaseError), changing() as change:
            wrong(change)
    assert not vault.destroy(f"person:{mother}")  # there is none to destroy
    gone = cases.person("P-1")
    assert gone is not None
    assert (gone.erased, gone.name, gone.reference) == (True, "", "")
    assert "Alma" not in repr(cases.show("C-1", "dana", clock.now))


def test_on_the_eighteenth_birthday_a_minor_comes_of_age(cases: Cases, changing: Changing, clock: Clock) -> None:
    with changing() as change:
        change.person("P-1", born=date(2008, 11, 22))
        change.person("P-2", minor=True)
        assert change.come_of_age() == 0
    clock.pass_(24 * 3600)
    with changing() as change:
        assert change.come_of_age() == 1
        assert change.come_of_age() == 0
    grown, unknown = cases.person("P-1"), cases.person("P-2")
    assert grown is not None
    assert unknown is not None
    assert (grown.minor, unknown.minor) == (False, True)


def test_cases_and_people_are_found_after_a_new_master_key(
    engine: Engine, vault: Vault, changing: Changing, tmp_path: Path
) -> None:
    with changing() as change:
        case, mother, *_ = family(change)
    both = Sealer(["n" * 40, *KEYS])
    again = Cases(engine, both, vault)
    assert again.find("C-1") == case
    with again.changing("dana", datetime.now().astimezone()) as change:
        assert (change.case("C-1"), change.person("P-1")) == (case, mother)


def test_a_look_at_a_case_is_noted_for_everybody_in_it(cases: Cases, changing: Changing, engine: Engine, clock: Clock) -> None:
    with changing() as change:
        _, mother, child, _ = family(change)
    assert log.looked(engine, mother) == []
    cases.show("C-1", "omar", clock.now)
    assert [(look.actor, look.at) for look in log.looked(engine, child)] == [("omar", clock.now)]
    assert [look.actor for look in log.looked(engine, mother)] == ["omar"]
    with pytest.raises(CaseError, match="no case"):
        cases.show("C-2", "omar", clock.now)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit WHERE actor = 'omar'")) == 3


def test_two_changes_at_once_do_not_enter_an_appointment_twice(cases: Cases, changing: Changing, clock: Clock) -> None:
    with changing() as change:
        case, mother, *_ = family(change)

    def enter(_: int) -> None:
        with cases.changing("dana", clock.now) as change:
            change.appointments(case, mother, [MEDICAL])
            change.itinerary(case, mother, [FIRST])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, range(8)))
    assert (cases.appointments(mother, clock.now), cases.itinerary(mother, clock.now)) == ([MEDICAL], [FIRST])
