"""Back to the question that waited, after another one was answered."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversations import open_question
from actions.speaking import say
from bot.flows.reply import Reply


class ActionResume(Action):
    """Asks the open question of the running conversation again; says nothing when none runs."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_resume"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Keeps all slots."""
        waiting = open_question(tracker)
        if waiting:
            say(dispatcher, [Reply("utter_resume_lead"), *waiting])
        return []
