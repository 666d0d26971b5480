"""The reading list: which items fit a topic, a country and a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

AT_A_TIME = 3
#: An item about every country.
WORLD = "world"


@dataclass(frozen=True)
class Item:
    """One book or report. Its title stays in the file; the response utter_reading_<id> is what people see."""

    id: str
    topic: str
    year: int
    countries: frozenset[str]


def load(path: Path) -> tuple[Item, ...]:
    """From data/reading.yml, newest first; KeyError for an item without one of the four."""
    written = yaml.safe_load(path.read_text("utf-8"))["items"]
    items = (Item(it["id"], it["topic"], int(it["year"]), frozenset(it["countries"])) for it in written)
    return tuple(sorted(items, key=lambda item: -item.year))


def chosen(items: Sequence[Item], topic: str | None, country: str | None, year: str | None) -> tuple[Item, ...]:
    """The items on `topic`, about `country` or every country, of `year`; what is None does not matter."""
    return tuple(
        item
        for item in items
        if topic in (None, item.topic)
        and (country is None or country.upper() in item.countries or WORLD in item.countries)
        and year in (None, str(item.year))
    )
