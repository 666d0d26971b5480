"""What cannot be is refused, whatever it came from; what can be comes back the same."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cases.facts import Appointment, CaseError, Flight, age, in_zone, plain

ZONES = st.sampled_from(["Asia/Manila", "America/New_York", "Europe/Lisbon", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"])
LOCAL = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))


def flight(departs: datetime, from_zone: str, arrives: datetime, to_zone: str) -> Flight:
    return Flight.of("XX 1", "Manila", departs, from_zone, "Los Angeles", arrives, to_zone)


@given(LOCAL, ZONES)
def test_an_appointment_comes_back_as_it_was_sealed(at: datetime, zone: str) -> None:
    try:
        made = Appointment.of("medical", at, zone, "Clinic")
    except CaseError:  # clocks go forward over it
        return
    again = Appointment.opened(made.stored())
    assert (again, again.at.utcoffset(), again.at.replace(tzinfo=None)) == (made, made.at.utcoffset(), at)


def test_an_arrival_before_the_departure_by_the_clock_is_right_across_the_date_line() -> None:
    made = flight(datetime(2026, 12, 10, 21, 0), "Asia/Manila", datetime(2026, 12, 10, 18, 0), "America/Los_Angeles")
    assert made.arrives.astimezone(UTC) == datetime(2026, 12, 11, 2, 0, tzinfo=UTC)
    assert Flight.opened(made.stored()) == made


@pytest.mark.parametrize(
    ("departs", "from_zone", "arrives", "to_zone"),
    [
        (datetime(2026, 12, 10, 9), "America/New_York", datetime(2026, 12, 10, 10), "Asia/Manila"),  # before it departs
        (datetime(2026, 12, 10, 9), "UTC", datetime(2026, 12, 10, 9), "UTC"),
        (datetime(2026, 12, 10, 9), "UTC", datetime(2027, 12, 10, 10), "UTC"),  # the year mistyped
        (datetime(2026, 12, 10, 9), "Manila", datetime(2026, 12, 10, 10), "UTC"),
        (datetime(2026, 12, 10, 9), "../etc/passwd", datetime(2026, 12, 10, 10), "UTC"),
    ],
)
def test_a_flight_that_cannot_be_is_refused(departs: datetime, from_zone: str, arrives: datetime, to_zone: str) -> None:
    with pytest.raises(CaseError):
        flight(departs, from_zone, arrives, to_zone)


def test_a_time_that_clocks_jump_over_is_refused_and_one_that_comes_twice_is_not() -> None:
    with pytest.raises(CaseError, match="does not exist"):
        in_zone(datetime(2027, 3, 14, 2, 30), "America/New_York")
    assert in_zone(datetime(2027, 11, 7, 1, 30), "America/New_York").hour == 1


def test_texts_that_could_hide_something_are_refused_and_those_of_other_scripts_are_not() -> None:
    assert plain("  می\u200cخواهم ", "name", 20) == "می\u200cخواهم"
    for text in ("a\nb", "a\u202eb", "x" * 21):
        with pytest.raises(CaseError):
            plain(text, "name", 20)


@pytest.mark.parametrize(("today", "years"), [(date(2026, 2, 27), 17), (date(2026, 2, 28), 17), (date(2026, 3, 1), 18)])
def test_somebody_born_on_a_leap_day_comes_of_age_on_the_first_of_march(today: date, years: int) -> None:
    assert age(date(2008, 2, 29), today) == years
