"""Says the last answer again."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

#: What Rasa and our responses class put beside a bot message, and is no placeholder's value.
_NOT_VALUES = frozenset({"utter_action", "response", "template", "source", "reviewed", "model_id", "assistant_id"})
#: Not worth saying again.
_LEADS = frozenset({"utter_resume_lead", "utter_repeat"})


class ActionRepeat(Action):
    """Repeats what the bot said in its last turn, in order; the overview if that is nothing."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says the same responses again; the responses class words them in the language of now."""
        said = [again for event in _last_answer(tracker.events) if (again := _message(event))]
        for message in said:
            dispatcher.utter_message(**message)
        if not said:
            dispatcher.utter_message(response="utter_ask_capabilities")
        return []


def _last_answer(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bot's messages of the newest turn in which it said something."""
    answer: list[dict[str, Any]] = []
    for event in reversed(events):
        if event["event"] == "user" and answer:
            break
        if event["event"] == "bot" and _message(event):
            answer.insert(0, event)
    return answer


def _message(event: dict[str, Any]) -> dict[str, Any] | None:
    """What utter_message needs to say this bot event again; None for signals and leads."""
    custom = (event.get("data") or {}).get("custom") or {}
    if custom.get("response"):
        return {"json_message": custom}
    beside = event.get("metadata") or {}
    name = beside.get("utter_action")
    if not name or name in _LEADS:
        return None
    values = {k: v for k, v in beside.items() if isinstance(v, str) and k not in _NOT_VALUES}
    return {"response": name, **values}
