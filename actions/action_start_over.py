"""Leaves whatever runs and forgets its answers."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversations import NONE


class ActionStartOver(Action):
    """Empties both conversations. Touches neither consents nor the language."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_start_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says so once."""
        dispatcher.utter_message(response="utter_start_over")
        return [SlotSet("flow", NONE), SlotSet("flow_state", None)]
