"""Answers that come from buttons, and bare yes and no: to the conversation they belong to."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.clock import Today, today_utc
from actions.conversations import ELIGIBILITY, GUIDE, answer_eligibility, answer_guide
from actions.language import change_language
from actions.speaking import entity
from bot.flows import eligibility_state, guide


class ActionInform(Action):
    """Routes by the payload's question, which an old button still carries; without one, to what runs."""

    def __init__(self, today: Today = today_utc) -> None:
        self._today = today

    def name(self) -> str:
        """As in domain.yml."""
        return "action_inform"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """One turn of that conversation; the overview when nothing fits."""
        question, flow = entity(tracker, "question"), tracker.get_slot("flow")
        if question in eligibility_state.MINE or (question is None and flow == ELIGIBILITY):
            return answer_eligibility(dispatcher, tracker, self._today())
        if question in guide.MINE or (question is None and flow == GUIDE):
            return answer_guide(dispatcher, tracker)
        if question == "language":
            change_language(dispatcher, entity(tracker, "answer"))
            return []
        dispatcher.utter_message(response="utter_ask_capabilities")
        return []
