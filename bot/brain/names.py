"""Names of countries and languages in our eight languages, from the Unicode CLDR that Babel carries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel import Locale

from bot.brain.lookup import Known, fold
from bot.i18n.languages import CODES

#: Languages somebody may ask for: those of the programme, and others often asked for where it works.
LANGUAGES = [
    "en",
    "es",
    "fr",
    "pt",
    "ar",
    "ru",
    "zh",
    "ur",
    "uk",
    "sq",
    "tl",
    "fil",
    "hi",
    "bn",
    "ne",
    "vi",
    "th",
    "id",
    "km",
    "ht",
    "sw",
    "hy",
    "az",
    "ka",
    "tr",
    "fa",
    "ps",
    "ro",
    "pl",
    "bg",
    "hu",
    "sr",
    "hr",
    "bs",
    "mk",
    "de",
    "it",
    "nl",
    "el",
    "ja",
    "ko",
    "ms",
    "my",
    "lo",
    "ta",
    "te",
    "pa",
    "gu",
    "mr",
    "ml",
    "si",
    "mn",
    "uz",
    "kk",
    "ky",
    "tg",
    "tk",
    "am",
    "ti",
    "so",
    "om",
    "ha",
    "yo",
    "ig",
    "ak",
    "wo",
    "ff",
    "ln",
    "rw",
    "rn",
    "sn",
    "zu",
    "mg",
    "qu",
    "ay",
    "gn",
    "yue",
    "he",
    "ku",
]
#: Names that are everyday words in the same or another language.
TOO_COMMON = frozenset(
    fold(word)
    for word in (
        "того", "мали", "чад", "مالي", "مالی", "قطر", "عمان", "عُمان", "توغو", "чили", "oman", "omã", "irã", "ira", "china", "mali",
        "lao", "so", "om", "ga", "тай", "коми", "malin", "pt", "no", "man", "nana", "هند", "هندي",
    )
)  # fmt: skip
#: Everyday names that CLDR does not have.
ALSO = {
    "US": "usa|u.s.|u.s.a.|the states|eeuu|ee.uu.|ee uu|estados unidos|etats unis|américa|america|amérique|امريكا|أمريكا|امریکہ|امریکا|америка|сша|штаты|美国|美國",
    "GB": "uk|u.k.|england|inglaterra|angleterre|англия|انجلترا|برطانیہ|英国|英國",
    "CI": "ivory coast|costa de marfil|costa do marfim|cote d'ivoire",
    "CD": "drc|rdc|congo kinshasa|демократическая республика конго",
    "CG": "congo brazzaville",
    "MM": "burma|birmania|birmanie",
    "PH": "pinas|pilipinas|filipinas|philippine",
    "CN": "china|中國",
    "OM": "sultanate of oman|سلطنة عمان",
    "VN": "viet nam",
    "TR": "turkey|turquia|turquie",
    "CZ": "czech republic",
    "KR": "south korea|corea del sur",
    "AE": "emirates|dubai|dubái|الامارات|دبي|emiratos|emirats|дубай|эмираты|迪拜",
    "SA": "saudi|السعودية|саудия|saudi arabia|سعودی عرب|سعودیہ",
}
_PART = re.compile(r"\s*[(（](.+?)[)）]\s*")


def countries() -> Iterator[Known]:
    """Every territory with a two-letter code, by its names in all our languages; the value is the ISO 3166 code."""
    for language in CODES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                for form in _forms(name):
                    if fold(form) not in TOO_COMMON and len(form) > 1:
                        yield Known("country", code, language, form)
    for code, names in ALSO.items():
        yield from (Known("country", code, "en", name) for name in names.split("|"))


def languages() -> Iterator[Known]:
    """The languages somebody may ask for, in our languages and in their own; the value is the ISO 639 code."""
    for code in LANGUAGES:
        for viewer in (*CODES, code):
            try:
                name = Locale.parse(viewer).languages.get(code)
            except Exception:  # Babel raises a class of its own for a language it has no data of
                name = None
            for form in _forms(name or ""):
                if fold(form) not in TOO_COMMON and len(form) > 1:
                    yield Known("language", "tl" if code == "fil" else code, viewer, form)


def _forms(name: str) -> Iterator[str]:
    """'Myanmar (Burma)' is also 'Myanmar' and 'Burma'."""
    if not name:
        return
    yield _PART.sub(" ", name).strip()
    yield from _PART.findall(name)
