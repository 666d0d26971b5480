"""The follow-up answers behind buttons."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.reading import say_reading
from actions.speaking import entity, known_response


class ActionMore(Action):
    """utter_<topic> for the payload more; a topic the domain does not know brings the overview."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_more"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says one answer."""
        topic = entity(tracker, "topic")
        name = f"utter_{topic}"
        if topic == "reading":
            say_reading(dispatcher, {})
        elif known_response(domain, name):
            dispatcher.utter_message(response=name)
        else:
            dispatcher.utter_message(response="utter_ask_capabilities")
        return []
