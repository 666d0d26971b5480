"""Finds known words in a message: the longest first, whole words only, in every script we serve.

Words are compared in a folded form (lower case, no accents, Arabic letter forms made equal). Chinese has no spaces, so its
words are found anywhere in a run of Han letters. Arabic joins small words and pronouns to nouns (wa-l-zawja, zawjat-i)
and Russian changes endings; both are undone with a short list of prefixes and endings, never by guessing a stem shorter
than three letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(f"[{_HAN}]|[^\\W_{_HAN}]+(?:['\u2019][^\\W\\d_{_HAN}]+)*")
_ARABIC_FORMS = str.maketrans({
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ہ": "ه", "ھ": "ه", "ۃ": "ه", "ة": "ه",
    "ں": "ن", "ئ": "ي", "ؤ": "و", "ۓ": "ے",
})  # fmt: skip
_ARABIC_PREFIXES = ("وبال", "وال", "فال", "بال", "كال", "ولل", "لل", "ال", "وب", "ول", "و", "ف", "ب", "ل", "ك")
_ARABIC_ENDINGS = ("كما", "هما", "هم", "هن", "كم", "نا", "ها", "ين", "ي", "ه", "ك")
_CYRILLIC_ENDINGS = ("ями", "ами", "ями", "ого", "его", "ому", "ему", "ой", "ей", "ом", "ем", "ам", "ям", "ах", "ях", "ов", "ев", "ью", "ия", "ии", "ию", "ий",
                     "а", "я", "у", "ю", "ы", "и", "е", "о", "ь", "й")  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A word or phrase that stands for a value, in one language."""

    entity: str
    value: str
    language: str
    words: str


@dataclass(frozen=True)
class Found:
    """Where a known word stands in a message: `text[start:end]`."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class _Token:
    folded: str
    start: int
    end: int


def fold(text: str) -> str:
    """The form in which words are compared. May differ in length from the text."""
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'").replace("\u0640", "")
    text = "".join(letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")
    return text.translate(_ARABIC_FORMS)


def tokens(text: str) -> list[_Token]:
    """Words of the text, and each Han letter on its own, with their places in the text as given."""
    prepared = "".join(_one_letter(letter) for letter in text)
    return [_Token(fold(text[found.start() : found.end()]), found.start(), found.end()) for found in _TOKEN.finditer(prepared)]


def _one_letter(letter: str) -> str:
    """A stand-in of the same length, so that marks inside a word do not cut it in two."""
    if unicodedata.category(letter) == "Mn" or letter in "\u0640\u200c\u200d":
        return "x"
    return letter


class Lookup:
    """All known words, ready to be found. Immutable after building."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._phrases: dict[tuple[str, ...], list[Known]] = {}
        self._stems: dict[str, list[Known]] = {}
        for item in known:
            key = tuple(token.folded for token in tokens(item.words))
            if not key:
                continue
            entries = self._phrases.setdefault(key, [])
            if not any(
                (other.entity, other.value) == (item.entity, item.value) and other.language == item.language for other in entries
            ):
                entries.append(item)
            if len(key) == 1:
                stem = _cyrillic_stem(key[0])
                if stem:
                    self._stems.setdefault(stem, []).append(item)
        self._longest = max((len(key) for key in self._phrases), default=0)

    def find(self, text: str, locale: str | None = None) -> Iterator[Found]:
        """Known words in order of appearance, none overlapping another of the same entity.

        `locale` decides between readings; Latin words of one to three letters count only in the locale, because almost
        every short word is a relative or a country somewhere ("son" in English, "quienes son" in Spanish).
        """
        words = tokens(text)
        taken: dict[str, int] = {}
        for first in range(len(words)):
            for count in range(min(self._longest, len(words) - first), 0, -1):
                part = words[first : first + count]
                for item in self._read(part, locale):
                    if taken.get(item.entity, -1) < part[0].start:
                        taken[item.entity] = part[-1].end
                        yield Found(item.entity, item.value, part[0].start, part[-1].end)

    def _read(self, part: Sequence[_Token], locale: str | None) -> list[Known]:
        """One reading an entity for these words, the locale's own first; empty when they mean nothing."""
        found: dict[str, Known] = {}
        for item in self._candidates(part):
            short = item.words.isascii() and len(item.words) <= 3
            if short and locale not in (None, item.language):
                continue
            if item.entity not in found or (item.language == locale and found[item.entity].language != locale):
                found[item.entity] = item
        return list(found.values())

    def _candidates(self, part: Sequence[_Token]) -> Iterator[Known]:
        key = tuple(token.folded for token in part)
        if key in self._phrases:
            yield from self._phrases[key]
            return
        for first in _without_arabic_affixes(key[0]):
            if (first, *key[1:]) in self._phrases:
                yield from self._phrases[(first, *key[1:])]
                return
        if len(key) == 1:
            stem = _cyrillic_stem(key[0])
            yield from self._stems.get(stem, ()) if stem else ()


def _without_arabic_affixes(word: str) -> Iterator[str]:
    """The noun inside an Arabic word, likeliest first; nothing for other scripts."""
    if not "\u0621" <= word[:1] <= "\u06ff":
        return
    bases = [word] + [
        word[len(prefix) :] for prefix in _ARABIC_PREFIXES if word.startswith(prefix) and len(word) - len(prefix) >= 3
    ]
    yield from bases[1:]
    for base in bases:
        for ending in _ARABIC_ENDINGS:
            if base.endswith(ending) and len(base) - len(ending) >= 2:
                stem = base[: -len(ending)]
                yield from (stem, stem[:-1] + "ه") if stem.endswith("ت") else (stem,)


def _cyrillic_stem(word: str) -> str | None:
    """What is left of a Russian noun of five letters or more without its ending; None for other words."""
    if len(word) < 5 or not "а" <= word[0] <= "я":
        return None
    for ending in _CYRILLIC_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
