"""What a person may be reminded of, and when: pure rules about days, hours and zones.

A reminder goes out at nine in the morning, where the phone's number belongs: of several zones the westernmost, since nine
there is before nine in the evening in any zone up to twelve hours east. A chat whose address names no country (Telegram)
has the zone of the place where the person is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from bot.cases.facts import Appointment, Flight

DAYS_BEFORE = (7, 2, 1, 0)
SENT_AT, QUIET_FROM, QUIET_UNTIL = time(9), time(21), time(8)


class Dates(Protocol):
    """Where a person's dates are read (bot/cases)."""

    def appointments(self, person_id: str, now: datetime, case_id: str | None = None) -> Sequence[Appointment]:
        """Those to come, of one case."""

    def itinerary(self, person_id: str, now: datetime, case_id: str | None = None) -> Sequence[Flight]:
        """The flights of a journey that is not over."""


@dataclass(frozen=True)
class Occasion:
    """Something on a certain day; `at` is aware, in the zone of the place."""

    kind: str  # appointment, travel
    at: datetime

    @property
    def day(self) -> date:
        """The calendar day there."""
        return self.at.date()


def occasions(dates: Dates, person_id: str, case_id: str, now: datetime) -> list[Occasion]:
    """Every appointment to come, and the first flight of the journey. Raises SealError when the person's key is gone."""
    found = [Occasion("appointment", each.at) for each in dates.appointments(person_id, now, case_id)]
    flights = dates.itinerary(person_id, now, case_id)
    if flights:
        found.append(Occasion("travel", min(flights, key=lambda flight: flight.departs.timestamp()).departs))
    return found


def kind_of(occasion: Occasion, days: int) -> str:
    """The word in the reminder's row, under which it is unique for a person and a day."""
    return f"{occasion.kind}-{days}"


def due_at(occasion: Occasion, days: int, zone: tzinfo) -> datetime:
    """Nine in the morning so many days before, in UTC."""
    return datetime.combine(occasion.day - timedelta(days=days), SENT_AT, zone).astimezone(UTC)


def quiet(now: datetime, zone: tzinfo) -> bool:
    """True from nine in the evening to eight in the morning there."""
    clock = now.astimezone(zone).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def zone_for(address: str, occasion: Occasion | None, now: datetime) -> tzinfo:
    """The zone by which a chat is reminded; UTC where neither the number nor the place tells."""
    number = address.removeprefix("whatsapp:")
    if number.startswith("+"):
        try:
            names = time_zones_for_number(phonenumbers.parse(number))
        except phonenumbers.NumberParseException:
            names = ()
        zones = [zone for name in names if (zone := _zone(name)) is not None]
        if zones:
            return min(zones, key=lambda zone: now.astimezone(zone).utcoffset() or timedelta())
    return (occasion.at.tzinfo if occasion else None) or UTC


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None  # "Etc/Unknown"
