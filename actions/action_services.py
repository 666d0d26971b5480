"""Help and services, general or one of them."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.speaking import entity, known_response


class ActionServices(Action):
    """utter_service_<service> where the message names one we have words for, else the overview."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_services"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says one answer."""
        name = f"utter_service_{entity(tracker, 'service')}"
        dispatcher.utter_message(response=name if known_response(domain, name) else "utter_ask_support_services")
        return []
