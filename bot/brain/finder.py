"""Reads relationship, age, country, language, service, marital and case_number out of one message.

The words come from data/lookups/<lang>.yml (as people type them) and from CLDR (countries and languages). No statistics:
what is found can be explained, and a word that is missing is added to a file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot.brain import names
from bot.brain.ages import Ages
from bot.brain.lookup import Known, Lookup

KINDS = ("relationship", "language", "service", "marital")
#: "HF-2024-0153", "HF20240153", a USCIS receipt ("EAC 21 123 45678") or an A-number.
CASE_NUMBER = re.compile(
    r"(?<![\w/])(?:[A-Z]{2,5}-\d{2,4}(?:-\d{2,8}){1,3}|[A-Z]{2,5}-?\d{4,10}|[A-Z]{3}[- ]?\d{2}[- ]?\d{3}[- ]?\d{5}|A[- ]?\d{8,9})(?!\w)",
    re.IGNORECASE,
)


def known_words(folder: Path) -> list[Known]:
    """Everything the look-up files and CLDR know; a file that is not a mapping of lists stops the training."""
    known: list[Known] = []
    for path in sorted(folder.glob("*.yml")):
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        for kind in KINDS:
            for value, words in (content.get(kind) or {}).items():
                known += [Known(kind, str(value), path.stem, str(word)) for word in words or ()]
    return known + list(names.languages()) + list(names.countries())


def number_words(folder: Path) -> dict[str, int]:
    """Number words of all languages; the first file to name a word decides."""
    words: dict[str, int] = {}
    for path in sorted(folder.glob("*.yml")):
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        for value, spellings in (content.get("number_words") or {}).items():
            for spelling in spellings or ():
                words.setdefault(str(spelling), int(value))
    return words


class EntityFinder:
    """Reads the entities of one message. Pure: the same text and locale give the same entities."""

    def __init__(self, known: list[Known], numbers: dict[str, int]) -> None:
        self._lookup = Lookup(known)
        self._ages = Ages(numbers)

    def find(self, text: str, locale: str | None = None) -> list[dict[str, Any]]:
        """Entities in order of appearance: entity, value, start, end, and the text they stand for."""
        found = [
            {"entity": item.entity, "value": item.value, "start": item.start, "end": item.end}
            for item in self._lookup.find(text, locale)
        ]
        found += [{"entity": "age", "value": years, "start": start, "end": end} for years, start, end in self._ages.find(text)]
        found += [
            {
                "entity": "case_number",
                "value": re.sub(r"[\s-]", "", match.group()).upper(),
                "start": match.start(),
                "end": match.end(),
            }
            for match in CASE_NUMBER.finditer(text)
        ]
        return sorted(found, key=lambda entity: (entity["start"], entity["entity"]))
