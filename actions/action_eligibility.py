"""Who of a family the rules cover: the eligibility conversation."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.clock import Today, today_utc
from actions.conversations import answer_eligibility


class ActionEligibility(Action):
    """Begins the conversation, answers its open question, or corrects an earlier answer."""

    def __init__(self, today: Today = today_utc) -> None:
        self._today = today

    def name(self) -> str:
        """As in domain.yml."""
        return "action_eligibility"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """One turn."""
        return answer_eligibility(dispatcher, tracker, self._today())
