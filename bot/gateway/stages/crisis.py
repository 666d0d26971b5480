"""Danger first: crisis words are met before Rasa, forms, opt-outs and consent, and also while Rasa is down."""

from __future__ import annotations

from bot.gateway.turn import Turn
from bot.i18n.answers import Answers
from bot.safety.recogniser import Recogniser


class CrisisStage:
    """Answers with the safety text and raises a ticket; says nothing to somebody who opted out, but raises it all the same."""

    name = "crisis"

    def __init__(self, answers: Answers, recogniser: Recogniser) -> None:
        self._answers, self._recogniser = answers, recogniser

    async def process(self, turn: Turn) -> None:
        found = self._recogniser.recognise(turn.text) if turn.text and not turn.payload else None
        if found is None:
            return
        if turn.locale_state in ("unknown", "choosing"):
            turn.locale, turn.locale_state = found.language, "guessed"
        turn.say(self._answers, f"utter_crisis_{found.kind}")
        turn.finish("crisis")
