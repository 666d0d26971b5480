"""Crisis words and phrases in every language, recognised without any model and without the network.

The phrases live in data/safety/<lang>.yml, which people who do not program can edit. A message is a crisis when it
contains a phrase and none of the `unless` idioms of the same kind ("my phone is dying"). Both are compared after
folding: case, accents, Arabic vowel signs and letter forms, and repeated letters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

#: The order in which kinds win when a message holds more than one (intents.md).
KINDS = ("medical", "self_harm", "danger", "misconduct", "trafficking")
_FORMS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ی": "ي", "ک": "ك", "ہ": "ه", "ـ": "", "ё": "е"}
)
_SPACED = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class Crisis:
    """What was recognised, and in which languages' lists: some phrases are the same in two."""

    kind: str
    languages: frozenset[str]


def fold(text: str) -> str:
    """`text` reduced to what is compared: lower case, no marks, one space, no letter twice in a row."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_FORMS)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = unicodedata.normalize("NFC", text).replace("'", "").replace("’", "")
    text = re.sub(r"(.)\1+", r"\1", _SPACED.sub(" ", text))
    return " ".join(text.split())


class Phrases:
    """A set of folded phrases, found in a text by looking up each run of its words: time does not grow with the list."""

    def __init__(self, by_language: Mapping[str, Sequence[str]]) -> None:
        folded: dict[str, frozenset[str]] = {}
        for language, some in by_language.items():
            for phrase in some:
                key = fold(str(phrase))
                folded[key] = folded.get(key, frozenset()) | {language}
        folded.pop("", None)
        self._unspaced = {phrase.replace(" ", ""): languages for phrase, languages in folded.items() if unspaced(phrase)}
        self._spaced = {phrase: languages for phrase, languages in folded.items() if not unspaced(phrase)}
        self._lengths = sorted({len(phrase) for phrase in self._unspaced}, reverse=True)
        self._words = sorted({phrase.count(" ") + 1 for phrase in self._spaced}, reverse=True)

    def find(self, text: str) -> frozenset[str]:
        """The languages of the lists that hold a phrase of the folded `text`; empty where none does."""
        return next((languages for _, languages in self._found(text)), frozenset())

    def without(self, text: str) -> str:
        """The folded `text` with every phrase taken out."""
        for phrase, _ in list(self._found(text)):
            if unspaced(phrase):
                text = text.replace(" ", "").replace(phrase, " ")
            else:
                text = f" {text} ".replace(f" {phrase} ", " | ")
        return " ".join(text.split())

    def _found(self, text: str) -> Iterator[tuple[str, frozenset[str]]]:
        words = text.split()
        for size in self._words:
            for start in range(len(words) - size + 1):
                phrase = " ".join(words[start : start + size])
                if phrase in self._spaced:
                    yield phrase, self._spaced[phrase]
        if self._unspaced and unspaced(text):
            packed = text.replace(" ", "")
            for size in self._lengths:
                for start in range(len(packed) - size + 1):
                    if packed[start : start + size] in self._unspaced:
                        yield packed[start : start + size], self._unspaced[packed[start : start + size]]


def unspaced(text: str) -> bool:
    """True for a script that writes no spaces between words."""
    return any("\u3040" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0e7f" for character in text)


class Recogniser:
    """Lists of all languages; `recognise` takes about a millisecond."""

    def __init__(self, lists: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]) -> None:
        self._rules = [(kind, _of(lists, kind, "phrases"), _of(lists, kind, "unless")) for kind in KINDS]

    @classmethod
    def load(cls, folder: Path) -> Recogniser:
        """From the YAML files in `folder`, one a language, named by its code."""
        return cls({path.stem: yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in sorted(folder.glob("*.yml"))})

    def recognise(self, text: str) -> Crisis | None:
        """The gravest crisis named in `text`, or None."""
        folded = fold(text)
        for kind, phrases, unless in self._rules:
            # An idiom takes only itself away: "dying to see you, I cannot breathe" is still a medical crisis.
            if phrases.find(folded) and (languages := phrases.find(unless.without(folded))):
                return Crisis(kind, languages)
        return None


def _of(lists: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]], kind: str, part: str) -> Phrases:
    return Phrases({language: (kinds.get(kind) or {}).get(part) or () for language, kinds in lists.items()})
