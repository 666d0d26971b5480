"""Travel answers that differ for a family and for a child who travels with an escort."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversations import traveller
from actions.speaking import intent, known_response


class ActionTravelAnswer(Action):
    """utter_<intent>, in the variant for the traveller told to the guide where there is one."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_travel_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says one answer; a domain without it is an error."""
        plain = f"utter_{intent(tracker)}"
        if not known_response(domain, plain):
            raise LookupError(f"domain.yml has no response {plain}")
        special = f"{plain}__{traveller(tracker)}"
        dispatcher.utter_message(response=special if known_response(domain, special) else plain)
        return []
