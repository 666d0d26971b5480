"""The travel guide, one step at a time."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversations import answer_guide


class ActionGuide(Action):
    """Begins the guide, or goes on in it."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_guide"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """One turn."""
        return answer_guide(dispatcher, tracker)
