"""From a worded answer to the parts one channel can carry: buttons, a list, or numbered lines; split at sentence ends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from bot.channels.base import Capabilities, OfferedChoice, Part
from bot.channels.segments import plain, units
from bot.i18n.answers import Choice
from bot.i18n.bidi import isolate
from bot.i18n.languages import language

_SENTENCE = re.compile(r"(?<=[.!?؟۔。！？])\s+|(?<=[。！？])|\n\n+")


def choice_id(payload: str) -> str:
    """The opaque id of a choice: 16 hex digits (Telegram carries 64 bytes, WhatsApp 200 characters)."""
    return hashlib.sha256(payload.encode()).hexdigest()[:16]


def render(
    text: str, choices: Sequence[Choice], capabilities: Capabilities, locale: str, *, hint: str = "", label: str = ""
) -> list[Part]:
    """The parts to send, in order; the choices hang on the last one.

    `hint` asks for a number and stands under numbered choices; `label` opens a list. Titles that are too long for the
    channel's buttons fall back to numbered lines rather than being cut.
    """
    if capabilities.costly_unicode:
        text = plain(text)
        choices = [Choice(plain(choice.title), choice.payload) for choice in choices]
        hint = plain(hint)
    tappable = _fits_buttons(choices, capabilities)
    if choices and not tappable and countable(choices):
        lines = [f"{number}. {choice.title}" for number, choice in enumerate(choices, 1)]
        text = "\n".join([text, "", *lines, *([hint] if hint else [])])
    elif choices and not tappable:
        text = "\n".join([text, "", *(f"- {choice.title}" for choice in choices)])
    if language(locale).right_to_left:
        text = isolate(text)
    texts = split(text, capabilities.text_limit, capabilities.utf16_units)
    if tappable and choices and _length(texts[-1], capabilities.utf16_units) > capabilities.choice_text_limit:
        texts[-1:] = split(texts[-1], capabilities.choice_text_limit, capabilities.utf16_units)
    offered = tuple(OfferedChoice(choice_id(choice.payload), choice.title) for choice in choices) if tappable else ()
    return [Part(each) for each in texts[:-1]] + [Part(texts[-1], offered, label if offered else "")]


def countable(choices: Sequence[Choice]) -> bool:
    """True where a typed number names one of these choices.

    Not where they name numbers themselves ("Under 20"): a typed "3" would mean an age as well as a line.
    """
    return not any(character.isdecimal() for choice in choices for character in choice.title)


def _fits_buttons(choices: Sequence[Choice], capabilities: Capabilities) -> bool:
    longest = max((len(choice.title) for choice in choices), default=0)
    if len(choices) <= capabilities.buttons:
        return longest <= capabilities.button_title
    return len(choices) <= capabilities.list_items and longest <= capabilities.list_title


def _length(text: str, utf16: bool) -> int:
    return units(text) if utf16 else len(text)


def split(text: str, limit: int, utf16: bool = False) -> list[str]:
    """`text` in parts of at most `limit`, cut at paragraph or sentence ends, else between words, else anywhere."""
    parts: list[str] = []
    rest = text.strip()
    while _length(rest, utf16) > limit:
        cut = _cut(rest, limit, utf16)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _cut(text: str, limit: int, utf16: bool) -> int:
    room = limit
    if utf16:
        used = room = 0
        for character in text:
            used += 2 if ord(character) > 0xFFFF else 1
            if used > limit:
                break
            room += 1
    ends = [match.start() for match in _SENTENCE.finditer(text, 0, room + 1) if 0 < match.start() <= room]
    if ends and ends[-1] >= room // 3:
        return ends[-1]
    space = max(text.rfind(" ", 1, room + 1), text.rfind("\n", 1, room + 1))
    return space if space > 0 else room
