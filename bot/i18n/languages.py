"""The languages of the programme: codes, own names, direction of writing. Runs in both environments (Python 3.10 on)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale

#: The order in which languages are offered.
CODES = ("en", "es", "fr", "pt", "ar", "ru", "zh", "ur")
DEFAULT = "en"


@dataclass(frozen=True)
class Language:
    """One language: `name` is what its own speakers call it."""

    code: str
    name: str
    right_to_left: bool


@cache
def language(code: str) -> Language:
    """The language with this code; raises KeyError for one we do not speak."""
    if code not in CODES:
        raise KeyError(code)
    locale = Locale.parse(code)
    return Language(code, (locale.get_language_name(code) or code).capitalize(), locale.text_direction == "rtl")


def languages() -> list[Language]:
    """All languages of the programme, in the order in which they are offered."""
    return [language(code) for code in CODES]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for code in CODES:
        for reader in CODES:
            name = Locale.parse(code).get_language_name(reader)
            if name:
                names[name.casefold()] = code
    return names


def by_name(text: str) -> str | None:
    """The code of the language whose name is the whole text, in any of our languages ("Français", "арабский"), or None."""
    return _names().get(text.strip().strip(".!?¡¿؟。").casefold())
