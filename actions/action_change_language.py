"""Writing in another language from now on."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.language import change_language
from actions.speaking import entity


class ActionChangeLanguage(Action):
    """Changes to the language the message names; offers the list when it names none, or one we do not speak."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_change_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Signals the gateway with `{"locale": code}`."""
        change_language(dispatcher, entity(tracker, "language"))
        return []
