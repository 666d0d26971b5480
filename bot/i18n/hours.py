"""Opening hours in a person's language: days by CLDR names, neighbouring days with the same hours joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from babel import Locale

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def opening_hours(hours: Mapping[str, Sequence[str]], locale: str) -> str:
    """`{"monday": ["09:00-17:00"], ...}` as "Mon - Fri 09:00-17:00"; closed days are left out."""
    names = Locale.parse(locale).days["stand-alone"]["abbreviated"]
    parts = []
    for times, days in groupby(enumerate(DAYS), key=lambda day: tuple(hours.get(day[1]) or ())):
        if times:
            numbers = [number for number, _ in days]
            label = names[numbers[0]] if len(numbers) == 1 else f"{names[numbers[0]]} - {names[numbers[-1]]}"
            parts.append(f"{label} {', '.join(times)}")
    return "; ".join(parts)
