"""The reading list."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.flows.reading import Item, chosen, load

ROOT = Path(__file__).parents[2]
ITEMS = (
    Item("a", "law", 2020, frozenset({"world"})),
    Item("b", "law", 2015, frozenset({"AM"})),
    Item("c", "tips", 2013, frozenset({"AM"})),
)


def test_what_is_not_asked_for_does_not_matter() -> None:
    assert chosen(ITEMS, None, None, None) == ITEMS


def test_topic_country_and_year_narrow_the_list() -> None:
    assert [item.id for item in chosen(ITEMS, "law", "am", None)] == ["a", "b"]
    assert [item.id for item in chosen(ITEMS, None, "AM", "2013")] == ["c"]
    assert [item.id for item in chosen(ITEMS, None, "PH", None)] == ["a"]


def test_every_item_of_ours_has_a_line() -> None:
    responses = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]
    items = load(ROOT / "data" / "reading.yml")
    assert items
    assert all(f"utter_reading_{item.id}" in responses for item in items)
    assert [item.year for item in items] == sorted((item.year for item in items), reverse=True)
