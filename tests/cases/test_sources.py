"""Primero as the source: what is taken over, what is not, and that protection comes through whatever else is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, update

from bot.cases.files import Cases
from bot.cases.primero import A_PAGE, Primero, Server
from bot.cases.sources import OurTables, SourceError, source
from bot.settings import Settings, SettingsError
from bot.store.tables import person
from tests.cases.primero_stand_in import PASSWORD, USER, StandIn, record, serving
from tests.conftest import Clock

APPOINTMENT = {
    "unique_id": "8f1",
    "hearth_kind": "medical",
    "hearth_at": "2026-12-03 09:30",
    "hearth_zone": "Asia/Manila",
    "hearth_place": "Clinic 12",
}
FLIGHT = {
    "unique_id": "8f2",
    "hearth_flight_number": "XX 1",
    "hearth_from_place": "Manila",
    "hearth_departs": "2026-12-20 21:00",
    "hearth_from_zone": "Asia/Manila",
    "hearth_to_place": "Los Angeles",
    "hearth_arrives": "2026-12-20 18:00",
    "hearth_to_zone": "America/Los_Angeles",
}


@pytest.fixture
def primero() -> Iterator[StandIn]:
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
def refresh(primero: StandIn, cases: Cases, clock: Clock) -> Callable[[str], None]:
    return Primero(Server(primero.url, USER, PASSWORD), cases, clock).refresh


def family() -> list[dict[str, Any]]:
    mother = record(
        *("f15a1a9", "FAM-7"),
        **{"date_of_birth": "1994/03/08", "hearth_role": "principal", "hearth_language": "es", "hearth_milestone": "accepted"},
        **{"hearth_milestone_date": "2026-02-02", "survivor_code": "not asked for"},
    )
    child = record(
        *("af0f298", "FAM-7"),
        **{
            "date_of_birth": "2015-07-21",
            "hearth_role": "derivative",
            "hearth_appointments": [APPOINTMENT],
            "hearth_flights": [FLIGHT],
        },
    )
    aunt = record("0aa11bb", "FAM-7", hidden_name=True, hearth_minor=False, hearth_role="guardian", hearth_guards="af0f298")
    return [aunt, mother, child, record("1234567", "FAM-8", hearth_minor=False, hearth_role="principal")]


def test_a_family_is_taken_over_and_only_what_is_needed_is_asked_for(
    primero: StandIn, cases: Cases, clock: Clock, refresh: Callable[[str], None], actions: Callable[[], list[str]]
) -> None:
    primero.records = family()
    refresh("FAM-7")
    seen = cases.show("FAM-7", "dana", clock.now)
    assert (seen.caseworker, seen.hold, seen.closed, len(seen.people)) == ("primero_dana", False, False, 3)
    parts = {part.person.reference: part for part in seen.people}
    mother, child, aunt = parts["f15a1a9"], parts["af0f298"], parts["0aa11bb"]
    assert (mother.role, mother.milestone, mother.since, mother.person.born) == (
        "principal",
        "accepted",
        date(2026, 2, 2),
        date(1994, 3, 8),
    )
    assert (aunt.guards, aunt.person.name, child.person.name) == ((child.person.id,), "", "af0f298 Sample")
    assert child.appointments[0].at.astimezone(UTC) == datetime(2026, 12, 3, 1, 30, tzinfo=UTC)
    assert [flight.number for flight in child.flights] == ["XX 1"]
    assert cases.find("FAM-8") is None
    path, query = primero.asked[-1]
    assert (path, query["family_number"]) == ("/api/v2/cases", "FAM-7")
    assert "survivor_code" not in query["fields"].split(",")

    before = actions()
    refresh("FAM-7")
    assert actions() == before  # nothing new, nothing written
    assert primero.sign_ins == 1


def test_what_changed_there_changes_here(primero: StandIn, cases: Cases, clock: Clock, refresh: Callable[[str], None]) -> None:
    primero.records = family()
    refresh("FAM-7")
    child = cases.person("af0f298")
    assert child is not None
    primero.records[2] |= {
        "hearth_appointments": [],
        "hearth_flights": None,
        "hearth_milestone": "visa_issued",
        "hearth_milestone_date": "2026-11-20",
    }
    refresh("FAM-7")
    assert (cases.appointments(child.id, clock.now), cases.itinerary(child.id, clock.now)) == ([], [])
    status = cases.status(cases.find("FAM-7") or "", child.id)
    assert status is not None
    assert status.milestone == "visa_issued"


def test_hold_closing_and_removal_come_through_though_something_else_is_wrong(
    primero: StandIn, cases: Cases, clock: Clock, refresh: Callable[[str], None]
) -> None:
    primero.records = family()
    refresh("FAM-7")
    case, mother, child = cases.find("FAM-7") or "", cases.person("f15a1a9"), cases.person("af0f298")
    assert mother is not None
    assert child is not None
    primero.records[1] |= {"hearth_safety_hold": "true", "hearth_milestone": "promised"}
    primero.records[2]["enabled"] = False
    with pytest.raises(SourceError, match="record f15a1a9: milestone"):
        refresh("FAM-7")
    status = cases.status(case, mother.id)
    assert status is not None
    assert (status.hold, status.milestone) == (True, "accepted")
    assert cases.status(case, child.id) is None

    primero.records = [family()[1] | {"hearth_safety_hold": False, "status": "closed"}]
    refresh("FAM-7")
    status = cases.status(case, mother.id)
    assert status is not None
    assert (status.hold, status.closed) == (True, True)  # no other system lifts a hold

    primero.records = []
    refresh("FAM-7")
    assert cases.status(case, mother.id) is None
    with pytest.raises(SourceError, match="no case"):
        refresh("FAM-9")


def test_an_erased_person_is_not_brought_in_again(
    primero: StandIn, cases: Cases, clock: Clock, engine: Engine, refresh: Callable[[str], None]
) -> None:
    primero.records = family()[1:3]
    refresh("FAM-7")
    mother = cases.person("f15a1a9")
    assert mother is not None
    with engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == mother.id).values(erased_at=clock.now, details=b""))
    refresh("FAM-7")
    assert [part.person.name for part in cases.show("FAM-7", "dana", clock.now).people] == ["", "af0f298 Sample"]


def test_a_new_token_is_fetched_when_the_old_one_has_run_out_and_basic_is_used_where_none_is_given(
    primero: StandIn, cases: Cases, refresh: Callable[[str], None]
) -> None:
    primero.records = family()
    refresh("FAM-7")
    primero.expired = 1
    refresh("FAM-7")
    assert primero.sign_ins == 2
    primero.bearer = False
    refresh("FAM-8")
    assert cases.find("FAM-8")


def test_a_large_family_is_read_page_by_page(primero: StandIn, cases: Cases, clock: Clock, refresh: Callable[[str], None]) -> None:
    primero.records = [record(f"p{number}", "FAM-1", hearth_role="derivative", hearth_minor=False) for number in range(A_PAGE + 3)]
    refresh("FAM-1")
    assert len(cases.show("FAM-1", "dana", clock.now).people) == A_PAGE + 3
    assert [query["page"] for _, query in primero.asked] == ["1", "2"]


def test_a_failure_is_one_line_and_changes_nothing(
    primero: StandIn, cases: Cases, clock: Clock, refresh: Callable[[str], None], actions: Callable[[], list[str]]
) -> None:
    primero.records = family()
    refresh("FAM-7")
    before = actions()

    def fails(says: str) -> None:
        with pytest.raises(SourceError, match=says) as caught:
            refresh("FAM-7")
        assert not any(word in str(caught.value) for word in ("Sample", "\n", PASSWORD))
        primero.status, primero.raw, primero.filters, primero.expired = 200, None, True, 0

    primero.status = 403
    fails("may not view")
    primero.status = 503
    fails("503")
    primero.raw = b"<html>Sign in</html>"
    fails("not JSON")
    for body in (b"[]", b'{"data": 5, "metadata": {"total": 1}}', b'{"data": [{"name": "Sample"}], "metadata": {"total": 1}}'):
        primero.raw = body
        fails("not a list of cases")
    primero.filters = False
    fails("another family")
    primero.expired = 9
    fails("401")
    with pytest.raises(SourceError, match="HEARTH_PRIMERO_PASSWORD"):
        Primero(Server(primero.url, USER, "wrong"), cases, clock).refresh("FAM-7")
    with pytest.raises(SourceError, match="does not answer"):
        Primero(Server("http://127.0.0.1:9", USER, PASSWORD), cases, clock).refresh("FAM-7")
    assert actions() == before


def test_the_source_is_chosen_in_the_settings_and_half_a_configuration_is_refused(cases: Cases, clock: Clock) -> None:
    def settings(**values: str) -> Settings:
        made = Settings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]
        made.check_cases()
        return made

    ours = source(settings(), cases, clock)
    assert isinstance(ours, OurTables)
    ours.refresh("C-1")
    whole = {"HEARTH_CASES_SOURCE": "primero", "HEARTH_PRIMERO_USER": USER, "HEARTH_PRIMERO_PASSWORD": PASSWORD}
    assert isinstance(source(settings(**whole, HEARTH_PRIMERO_URL="https://primero.example.org/"), cases, clock), Primero)
    for wrong in (whole, whole | {"HEARTH_PRIMERO_URL": "http://primero.example.org"}, {"HEARTH_PRIMERO_USER": USER}):
        with pytest.raises(SettingsError, match=r"(?i)primero"):
            settings(**wrong)
