"""Noisy copies of training lines: the same meaning as a hurried thumb, a foreign keyboard or a polite person types it.

For training only. A line's copies depend on the line, the seed and the openings alone, not on the lines around it, so a
larger corpus changes nothing for the lines it already had (and their vectors stay in the cache).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.brain.romanise import romanise
from bot.brain.text import without_accents

ROMANISED = ("ru", "ar", "ur")
ACCENTED = ("es", "fr", "pt")
# A greeting before a greeting, or before a bare yes or no, makes another meaning or none.
WITHOUT_OPENING = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "repeat", "start_over", "stop_messages"})

_NEIGHBOURS = {
    "a": "sqz", "b": "vnh", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok", "j": "hku",
    "k": "jli", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf", "s": "adw", "t": "ryg",
    "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
}  # fmt: skip
_ARABIC_FORMS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ئ": "ي", "ؤ": "و"})
_URDU_FORMS = str.maketrans({"ی": "ي", "ک": "ك", "ہ": "ه", "ئ": "ی", "ؤ": "و", "آ": "ا", "ں": "ن"})
_PUNCTUATION = re.compile(r"[^\w\s]|_")


class Line(NamedTuple):
    """One training line: what somebody wrote, what it means and in which language."""

    text: str
    intent: str
    language: str


def openings_of(lines: Sequence[Line], longest: int = 3) -> dict[str, list[str]]:
    """The short greetings of each language, found among the lines themselves."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.intent == "greet" and len(line.text.split()) <= longest and len(line.text) <= 24:
            found.setdefault(line.language, []).append(line.text)
    return {language: sorted(texts) for language, texts in found.items()}


def copies_of(line: Line, copies: int, seed: int, openings: Mapping[str, Sequence[str]]) -> Iterator[Line]:
    """At most `copies` different noisy spellings of one line, none equal to it."""
    chance = random.Random(f"{seed}:{line.language}:{line.intent}:{line.text}")
    seen = {line.text}
    kinds = _kinds(line, chance)
    for kind in kinds[:copies]:
        text = _noisy(line, kind, chance, openings)
        if text.strip() and text not in seen:
            seen.add(text)
            yield line._replace(text=text)


def _kinds(line: Line, chance: random.Random) -> list[str]:
    """What befalls the copies of this line, in order; a script's own habit comes first."""
    kinds = ["typing", "opening", "words", "punctuation"]
    if line.intent in WITHOUT_OPENING or len(line.text.split()) > 15:
        kinds.remove("opening")
    if len(line.text) < 8:
        kinds.remove("words")
    chance.shuffle(kinds)
    if line.language in ROMANISED and not line.text.isascii():
        kinds.insert(0, "latin")
    elif line.language in ACCENTED and not line.text.isascii():
        kinds.insert(0, "accents")
    return kinds


def _noisy(line: Line, kind: str, chance: random.Random, openings: Mapping[str, Sequence[str]]) -> str:
    text = line.text
    if kind == "latin":
        return romanise(text, line.language, chance)
    if kind == "accents":
        return without_accents(text)
    if kind == "punctuation":
        text = _PUNCTUATION.sub(" " if chance.random() < 0.7 else "", text)
        return _spaces(text, chance)
    if kind == "words":
        return _fewer_words(text, chance)
    if kind == "opening" and openings.get(line.language):
        opening = chance.choice(openings[line.language]).rstrip(" .!,")
        return opening + chance.choice([" ", ", ", "\n", ". "]) + _typing(text, chance, 0.02)
    return _typing(_forms(text, line.language), chance, 0.08)


def _forms(text: str, language: str) -> str:
    """Letters a keyboard or habit takes for one another."""
    if language == "ar":
        return text.translate(_ARABIC_FORMS)
    if language == "ur":
        return text.translate(_URDU_FORMS)
    return text.replace("ё", "е") if language == "ru" else without_accents(text)


def _typing(text: str, chance: random.Random, rate: float) -> str:
    """Swapped, dropped, doubled and neighbouring letters; the first letter of a word is mostly spared."""
    letters = list(text)
    result: list[str] = []
    index = 0
    while index < len(letters):
        letter = letters[index]
        inner = letter.isalpha() and index > 0 and letters[index - 1].isalpha()
        if not inner or chance.random() >= rate:
            result.append(letter)
            index += 1
            continue
        slip = chance.choice(["swap", "drop", "double", "neighbour"])
        if slip == "swap" and index + 1 < len(letters) and letters[index + 1].isalpha():
            result += [letters[index + 1], letter]
            index += 2
            continue
        if slip == "double":
            result += [letter, letter]
        elif slip == "neighbour":
            result.append(chance.choice(_NEIGHBOURS.get(letter.lower(), letter)))
        index += 1
    return "".join(result)


def _spaces(text: str, chance: random.Random) -> str:
    """One space in eight lost."""
    return "".join("" if letter == " " and chance.random() < 0.12 else letter for letter in text)


def _fewer_words(text: str, chance: random.Random) -> str:
    """One word in seven lost; in text without spaces one letter in ten."""
    words = text.split()
    if len(words) >= 3:
        return " ".join(word for word in words if chance.random() >= 0.15)
    return "".join(letter for letter in text if chance.random() >= 0.10)
