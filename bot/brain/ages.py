"""Ages in messages: "she is 19", "diecinueve años", "عمره ١٩ سنة", "ему 19 лет", "19岁", "19 yrs".

A number is an age only beside a word that says so; a span of time ("two years ago", "desde hace 3 años", "23 kg") is not.
A message that is nothing but a number is taken as an age, because it answers a question. Months make an age of zero.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.brain.lookup import tokens

OLDEST = 115

#: After the number: years of life without doubt.
_OLD = re.compile(
    r"\s*-?\s*(?:(?:years?|yrs?|ys|yeras|yers|year's)\s*-?\s*(?:old|of\s+age)\b|y\.?/?o\b|yrs?\.?\s+(?:boy|girl|son|daughter)|(?:anos|años|ans)\s+(?:de\s+edad|de\s+idade|d.age)|"
    r"(?:سال|برس)\s+(?:کا|کی|کے)|(?:saal|sal)\s+(?:ka|ki|ke)\b|[岁歲]|(?:周岁|週歲)|sui\b)",
    re.IGNORECASE,
)
#: After the number: years, of life or of waiting.
_YEARS = re.compile(
    r"\s*-?\s*(?:years?|yrs?|yeras|yers|a[nñ]os?|a[nñ]itos|anos?|aninhos|ans?|лет|года?|годик\w*|let|goda?|سن[ةهت]\w*|سنوات|سنين|عام\w*|اعوام|أعوام|سال\w*|برس|saal|sal|sana|sneen|3am)\b",
    re.IGNORECASE,
)
_MONTHS = re.compile(
    r"\s*-?\s*(?:months?|mths?|meses|mes|mois|m[eê]s|месяц\w*|мес|شهر\w*|[اأ]شهر|شهور|ماہ|مہین\w*|mahine|mahina|个月|個月)(?:\s*-?\s*(?:old|de\s+edad|کا|کی|کے|大))?",
    re.IGNORECASE,
)
#: Before the number: an age follows.
_AGED = re.compile(
    r"(?:\b(?:aged?|age\s+is|age\s*[:=]?|she\s+is|he\s+is|she's|he's|i\s+am|i'm|im|is|are|turn(?:s|ed|ing)?|edad|idade|tiene|tienen|tengo|cumpli[oó]|cumple|tem|t[eê]m|tenho|fez|faz|a\s+d[eé]j[aà]|"
    r"âge|elle\s+a|il\s+a|j'ai|ont|возраст|исполнилось|исполняется|vozrast|3omr\w*|omr\w*|umar|umr|umer)|"
    r"(?:عمر\w*|العمر|عمری|عمر)|(?:年龄|年齡|今年|满|滿)|\b(?:ему|ей|мне|им|сыну|дочери|дочке|брату|сестре|маме|emu|ey|mne))\s*(?:is|es|de|é|:|=|est|est\s+de|تقريبا|هو|around|about|only|just|now|solo|sólo|только|уже)?\s*$",
    re.IGNORECASE,
)
#: Before or after a number of years: it is a span of time.
_SPAN_BEFORE = re.compile(
    r"(?:\b(?:for|since|in|after|within|every|last|past|next|about|over|than|wait\w*|experience|experiencia|exp[eé]rience|experi[eê]ncia|hace|hacen|desde|durante|llevo|lleva|llevamos|por|en|cada|depuis|pendant|dans|apr[eè]s|il\s+y\s+a|h[aá]|faz|durante|em|ap[oó]s|через|уже|более|больше|около|за|на|последни\w+)|"
    r"(?:منذ|من|لمدة|خلال|بعد|قبل|كل|حوالي|خبرة)|(?:等了|经验|过了|過了|已经))\s*(?:the|los|las|les|os|que|de|unos|casi|almost|more|a)?\s*$",
    re.IGNORECASE,
)
_SPAN_AFTER = re.compile(
    r"^\s*(?:ago|now|already|waiting|later|passed|without|que|sin|atr[aá]s|of\s+exp\w*|(?:de|d.)\s*exp\w*|назад|опыта|жду|ждем|ждём|بعد|پہلے|سے|se\b|pehle|前|了)",
    re.IGNORECASE,
)
_NOT_YEARS = re.compile(
    r"^\s*(?:kg|kilos?|kgs|lbs?|pounds?|кг|كيلو|کلو|公斤|days?|hours?|weeks?|dias?|d[ií]as|horas|semanas|jours|heures|дн\w+|час\w*|ايام|أيام|دن|%|:|\$|€|usd|dollars?|bags?|people|personas|persons|kids|children|hijos|niñ\w+|enfants|filhos|дет\w+|ребен\w+|أطفال|اطفال|بچ\w+|个|個|[年月日])",
    re.IGNORECASE,
)
_HAN_NUMBER = re.compile("[零〇一二两兩三四五六七八九十]{1,3}")
_HAN_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_DIGITS = re.compile(r"\d+")
_JOINERS = frozenset({"y", "e", "et", "and", "و"})


@dataclass(frozen=True)
class _Number:
    value: int
    start: int
    end: int


class Ages:
    """Finds ages; `words` are the number words of all languages, folded ("diecinueve" is 19)."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = {" ".join(token.folded for token in tokens(word)): value for word, value in words.items()}

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Each age as (years, start, end) in the text."""
        for number in self._numbers(text):
            before, after = text[: number.start], text[number.end :]
            alone = not any(letter.isalnum() for letter in before + after)
            months = _MONTHS.match(after)
            if months and not _SPAN_BEFORE.search(before) and not _SPAN_AFTER.match(after[months.end() :]):
                yield 0, number.start, number.end + months.end()
            elif number.value <= OLDEST and (alone or self._says_age(before, after)):
                yield number.value, number.start, number.end

    @staticmethod
    def _says_age(before: str, after: str) -> bool:
        if _OLD.match(after):
            return True
        years = _YEARS.match(after)
        if years:
            return not (_SPAN_BEFORE.search(before) or _SPAN_AFTER.match(after[years.end() :]))
        return bool(_AGED.search(before)) and not _NOT_YEARS.match(after) and not _MONTHS.match(after)

    def _numbers(self, text: str) -> Iterator[_Number]:
        """Numbers in digits of any script, in words, and in Han letters."""
        for found in _DIGITS.finditer(text):
            digits = "".join(str(unicodedata.digit(letter, 0)) for letter in found.group())
            if len(digits) <= 3:
                yield _Number(int(digits), found.start(), found.end())
        for found in _HAN_NUMBER.finditer(text):
            yield _Number(_han_number(found.group()), found.start(), found.end())
        yield from self._in_words(text)

    def _in_words(self, text: str) -> Iterator[_Number]:
        words = tokens(text)
        index = 0
        while index < len(words):
            for count in (3, 2, 1):
                value = self._value([word.folded for word in words[index : index + count]]) if index + count <= len(words) else None
                if value is not None:
                    yield _Number(value, words[index].start, words[index + count - 1].end)
                    index += count
                    break
            else:
                index += 1

    def _value(self, words: Sequence[str]) -> int | None:
        """19 for "diecinueve", "dix neuf"; 31 for "treinta y uno", "thirty one"; None for anything else."""
        whole = self._words.get(" ".join(words))
        if whole is not None:
            return whole
        parts = [word for word in words if word not in _JOINERS]
        if len(words) in (2, 3) and len(parts) == 2 and words[0] not in _JOINERS and words[-1] not in _JOINERS:
            tens, units = self._words.get(parts[0], -1), self._words.get(parts[1], -1)
            if tens >= 20 and tens % 10 == 0 and 1 <= units <= 9:
                return tens + units
            if units >= 20 and units % 10 == 0 and 1 <= tens <= 9 and words[1:2] == ["و"]:  # Arabic says three-and-twenty
                return tens + units
        return None


def _han_number(letters: str) -> int:
    """十九 is 19, 二十 is 20, 三十五 is 35."""
    if "十" not in letters:
        return int("".join(str(_HAN_DIGITS[letter]) for letter in letters))
    tens, _, units = letters.partition("十")
    return (_HAN_DIGITS[tens] if tens else 1) * 10 + (_HAN_DIGITS.get(units, 0) if units else 0)
