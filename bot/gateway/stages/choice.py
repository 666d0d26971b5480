"""A tapped button, or its number or words typed: turned into the meaning we gave it. Anything else stays text."""

from __future__ import annotations

import unicodedata

from rapidfuzz import fuzz

from bot.channels.base import Kind
from bot.channels.render import countable
from bot.gateway.turn import Turn
from bot.i18n.answers import Choice

LONGEST_TYPED = 40
ALIKE = 88.0


def number(text: str) -> int | None:
    """The number that is the whole text, in any script's digits ("2", "٢.", "(２)"), or None."""
    digits = text.strip(" .):(،。\n\t-#")
    if not digits or not all(character.isdecimal() for character in digits) or len(digits) > 2:
        return None
    return int("".join(str(unicodedata.decimal(character)) for character in digits))


def resolve(text: str, choices: list[Choice], numbers: bool) -> Choice | None:
    """The choice a typed text names, by its words or (where `numbers` count) by its number; None for none or two."""
    wanted = number(text)
    if wanted is not None:
        return choices[wanted - 1] if numbers and 1 <= wanted <= len(choices) else None
    if len(text) > LONGEST_TYPED:
        return None
    typed = text.casefold().strip(" .!?؟。،,")
    scores = sorted(((fuzz.ratio(typed, choice.title.casefold()), n) for n, choice in enumerate(choices)), reverse=True)
    if not scores or scores[0][0] < ALIKE or (len(scores) > 1 and scores[1][0] >= ALIKE and scores[0][0] < 100):
        return None
    return choices[scores[0][1]]


class ChoiceStage:
    """Sets `payload` from what was offered in this very conversation; a foreign or forged id means nothing."""

    name = "choice"

    async def process(self, turn: Turn) -> None:
        if turn.inbound.kind is Kind.TAP and turn.inbound.choice_id in turn.offered:
            turn.payload = turn.offered[turn.inbound.choice_id]
        elif turn.text and turn.last_choices:
            found = resolve(turn.text, turn.last_choices, countable(turn.last_choices))
            turn.payload = found.payload if found else ""
