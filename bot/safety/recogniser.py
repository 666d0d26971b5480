"""Crisis words and phrases in every language, recognised without any model and without the network.

The phrases live in data/safety/<lang>.yml, which people who do not program can edit. A message is a crisis when it
contains a phrase and none of the `unless` idioms of the same kind ("my phone is dying"). Both are compared after
folding: case, accents, Arabic vowel signs and letter forms, and repeated letters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
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
    """What was recognised, and in which language's list."""

    kind: str
    language: str


def fold(text: str) -> str:
    """`text` reduced to what is compared: lower case, no marks, one space, no letter more than twice in a row."""
    text = unicodedata.normalize("NFKD", text.casefold()).translate(_FORMS)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = unicodedata.normalize("NFC", text).replace("'", "").replace("’", "")
    text = re.sub(r"(.)\1{2,}", r"\1\1", _SPACED.sub(" ", text))
    return " ".join(text.split())


def _pattern(phrases: Sequence[str]) -> re.Pattern[str] | None:
    folded = sorted({fold(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    if not folded:
        return None
    # Word ends matter in spaced scripts; Chinese has none.
    return re.compile("|".join(re.escape(p) if _unspaced(p) else rf"(?<!\w){re.escape(p)}(?!\w)" for p in folded))


def _unspaced(phrase: str) -> bool:
    return any("\u3040" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0e7f" for character in phrase)


class Recogniser:
    """Compiled lists of all languages; `recognise` takes well under a millisecond."""

    def __init__(self, lists: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]) -> None:
        self._rules = [
            (kind, language, phrases, _pattern(by_kind[kind].get("unless") or ()))
            for kind in KINDS
            for language, by_kind in lists.items()
            if kind in by_kind and (phrases := _pattern(by_kind[kind].get("phrases") or ()))
        ]

    @classmethod
    def load(cls, folder: Path) -> Recogniser:
        """From the YAML files in `folder`, one a language, named by its code."""
        return cls({path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yml"))})

    def recognise(self, text: str) -> Crisis | None:
        """The gravest crisis named in `text`, or None."""
        folded = fold(text)
        for kind, language, phrases, unless in self._rules:
            if phrases.search(unless.sub(" ", folded) if unless else folded):
                return Crisis(kind, language)
        return None
