"""What is known of a case, as values that cannot be wrong in themselves: every wrong one is refused here, whatever its source."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

ROLES = ("principal", "derivative", "guardian")
KINDS = ("interview", "medical", "fingerprints", "office", "other")
ADULT_AT = 18
LONGEST_FLIGHT = timedelta(hours=36)


class CaseError(Exception):
    """What was asked for cannot be done; one line for staff that says why. Never holds a name or a date of birth."""


@dataclass(frozen=True)
class Person:
    """A person of a case. `reference` is the office's own number for them; an erased one has neither reference nor name."""

    id: str
    reference: str
    name: str
    born: date | None
    language: str | None
    minor: bool
    erased: bool = False


@dataclass(frozen=True)
class Status:
    """Where one person's own part of a case stands. `since` is a calendar day: never shift it by a time zone. `updated_at` is
    when step, dates or journey of this person were last changed here."""

    milestone: str | None
    since: date | None
    hold: bool
    closed: bool
    updated_at: datetime


@dataclass(frozen=True)
class Appointment:
    """`at` is aware, in the zone of the place."""

    kind: str
    at: datetime
    zone: str
    place: str

    @classmethod
    def of(cls, kind: str, at: datetime, zone: str, place: str = "") -> Self:
        """Checks everything; `at` is the local time at the place. Raises CaseError."""
        if kind not in KINDS:
            raise CaseError(f"kind must be one of: {', '.join(KINDS)}.")
        return cls(kind, in_zone(at, zone), zone, plain(place, "place", 120))

    def stored(self) -> dict[str, Any]:
        """As it is sealed: the local time, so that a change of summer time rules leaves the clock on the wall right."""
        return {"kind": self.kind, "at": local(self.at), "zone": self.zone, "place": self.place}

    @classmethod
    def opened(cls, value: dict[str, Any]) -> Self:
        """From what was sealed."""
        at = datetime.fromisoformat(value["at"]).replace(tzinfo=ZoneInfo(value["zone"]))
        return cls(value["kind"], at, value["zone"], value["place"])


@dataclass(frozen=True)
class Flight:
    """One flight; both times are aware, each in the zone of its place."""

    number: str
    from_place: str
    to_place: str
    departs: datetime
    arrives: datetime
    from_zone: str
    to_zone: str

    @classmethod
    def of(
        cls, number: str, from_place: str, departs: datetime, from_zone: str, to_place: str, arrives: datetime, to_zone: str
    ) -> Self:
        """Checks everything; both times are local. Raises CaseError, also for an arrival that cannot be."""
        starts, ends = in_zone(departs, from_zone), in_zone(arrives, to_zone)
        if not timedelta() < ends.astimezone(ZoneInfo("UTC")) - starts.astimezone(ZoneInfo("UTC")) <= LONGEST_FLIGHT:
            raise CaseError("the flight must arrive after it departs, within 36 hours: check both times and both zones.")
        places = [plain(text, "place", 80) for text in (from_place, to_place)]
        if not all(places):
            raise CaseError("a flight needs the places it goes from and to.")
        return cls(plain(number, "flight number", 20) or "-", places[0], places[1], starts, ends, from_zone, to_zone)

    def stored(self) -> dict[str, Any]:
        """As it is sealed, with local times."""
        return {
            "number": self.number,
            "from_place": self.from_place,
            "departs": local(self.departs),
            "from_zone": self.from_zone,
            "to_place": self.to_place,
            "arrives": local(self.arrives),
            "to_zone": self.to_zone,
        }

    @classmethod
    def opened(cls, value: dict[str, Any]) -> Self:
        """From what was sealed."""
        departs = datetime.fromisoformat(value["departs"]).replace(tzinfo=ZoneInfo(value["from_zone"]))
        arrives = datetime.fromisoformat(value["arrives"]).replace(tzinfo=ZoneInfo(value["to_zone"]))
        places = value["from_place"], value["to_place"]
        return cls(value["number"], *places, departs, arrives, value["from_zone"], value["to_zone"])


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def in_zone(at: datetime, zone: str) -> datetime:
    """A local time with its zone; raises CaseError for an unknown zone, or a time that clocks there jump over."""
    if zone not in _zones():
        raise CaseError("the time zone must be a name like Asia/Manila or America/New_York.")
    aware = at.replace(tzinfo=ZoneInfo(zone))
    if aware.astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != at.replace(tzinfo=None):
        raise CaseError(f"{at:%Y-%m-%d %H:%M} does not exist in {zone}: clocks go forward over it.")
    return aware


def local(at: datetime) -> str:
    """The clock on the wall there, to the minute."""
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


def plain(text: str, what: str, most: int) -> str:
    """`text` without blanks around it; raises CaseError when too long or with invisible control characters."""
    text = text.strip()
    if len(text) > most:
        raise CaseError(f"{what} is longer than {most} characters.")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in "\u200c\u200d" for letter in text):
        raise CaseError(f"{what} holds an invisible control character: type it again.")
    return text


def age(born: date, today: date) -> int:
    """Whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
