"""How many SMS parts a text costs, and the typographic characters that make it cost more than it must.

GSM 03.38: 160 septets in one part, 153 each in several, the characters of the extension table count twice. Any other
character makes the whole text UCS-2: 70 units, or 67 each in several.
"""

from __future__ import annotations

from math import ceil

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_GSM = frozenset(_BASIC + _EXTENDED)
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


def segments(text: str) -> int:
    """How many SMS parts `text` takes; an empty text takes none."""
    if not text:
        return 0
    if all(character in _GSM for character in text):
        septets = sum(2 if character in _EXTENDED else 1 for character in text)
        return 1 if septets <= 160 else ceil(septets / 153)
    length = units(text)
    return 1 if length <= 70 else ceil(length / 67)
