"""How many SMS parts a text costs, and the typographic characters that make it cost more than it must.

GSM 03.38: 160 septets in one part, 153 each in several, the characters of the extension table count twice. Any other
character makes the whole text UCS-2: 70 units, or 67 each in several.
"""

from __future__ import annotations

from unicodedata import category

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_GSM = frozenset(_BASIC + _EXTENDED)
_JOINER = "\u200d"
_JOINING = frozenset([_JOINER, "\u200c", *map(chr, range(0x1F3FB, 0x1F400))])
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_CONTROLS = frozenset("\n\r\u2066\u2067\u2068\u2069")
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-",
        "…": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "•": "-", "·": "-", "`": "'", "´": "'",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """`text` with typographic quotes, dashes, spaces and dots as their plain forms; words keep their letters."""
    return text.translate(_PLAIN)


def units(text: str) -> int:
    """Length in UTF-16 code units, the measure of SMS in UCS-2 and of Telegram."""
    return len(text.encode("utf-16-le")) // 2


def _clusters(text: str) -> list[str]:
    """`text` in what is seen as one character: a letter with its marks, an emoji with its parts, a flag."""
    found: list[str] = []
    for character in text:
        joins = category(character).startswith("M") or character in _JOINING
        flag = character in _FLAGS and found and found[-1] in _FLAGS
        if found and (joins or flag or found[-1].endswith(_JOINER)) and found[-1] not in _CONTROLS:
            found[-1] += character
        else:
            found.append(character)
    return found


def segments(text: str) -> int:
    """How many SMS parts `text` takes; an empty text takes none. No part ends inside a character of several units."""
    if not text:
        return 0
    gsm = all(character in _GSM for character in text)
    sizes = [2 if c in _EXTENDED else 1 for c in text] if gsm else [units(each) for each in _clusters(text)]
    alone, each = (160, 153) if gsm else (70, 67)
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, each
    for size in sizes:
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts
