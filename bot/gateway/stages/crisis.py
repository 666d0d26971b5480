"""Danger first: crisis words are met before Rasa, forms, opt-outs and consent, and also while Rasa is down."""

from __future__ import annotations

from bot.gateway.turn import Turn
from bot.i18n.answers import Answers
from bot.safety.recogniser import Recogniser

#: Buttons such as "I am not safe" are words of danger too.
CHOSEN = {
    "/report_danger": "danger",
    "/self_harm": "self_harm",
    "/medical_emergency": "medical",
    "/report_trafficking": "trafficking",
    "/report_misconduct": "misconduct",
}


class CrisisStage:
    """Answers with the safety text and raises a ticket; says nothing to somebody who opted out, but raises it all the same."""

    name = "crisis"

    def __init__(self, answers: Answers, recogniser: Recogniser) -> None:
        self._answers, self._recogniser = answers, recogniser

    async def process(self, turn: Turn) -> None:
        kind = CHOSEN.get(turn.payload.split("{")[0])
        if kind is None and turn.text and (found := self._recogniser.recognise(turn.text)):
            kind = found.kind
            if turn.locale not in found.languages and turn.locale_state != "chosen":
                turn.locale, turn.locale_state = min(found.languages), "guessed"
        if kind is None:
            return
        turn.say(self._answers, f"utter_crisis_{kind}")
        turn.urgent = True
        turn.finish("crisis")
