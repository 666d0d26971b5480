"""Books and reports, three at a time, each in one neutral line."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.reading import say_reading
from actions.speaking import entity


class ActionLearnMore(Action):
    """Answers the payload learn_more with `topic`, `country`, `year` and `offset`, all optional."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_learn_more"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says at most three items."""
        say_reading(dispatcher, {name: entity(tracker, name) for name in ("topic", "country", "year", "offset")})
        return []
