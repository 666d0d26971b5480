"""How actions say things: names of responses only. What needs wording of its parts goes as a custom message, which the
Rasa channel words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from bot.flows.reply import Reply


def say(dispatcher: CollectingDispatcher, replies: Iterable[Reply]) -> None:
    """Sends the replies in order."""
    for reply in replies:
        if reply.plain:
            words: dict[str, Any] = {"response": reply.response, **reply.values}
            dispatcher.utter_message(**words)
        else:
            dispatcher.utter_message(json_message=reply.as_json())


def entities(tracker: Tracker, name: str) -> tuple[str, ...]:
    """All values of an entity in the newest message, each once, in order."""
    found = tracker.latest_message.get("entities") or []
    return tuple(dict.fromkeys(str(entity["value"]) for entity in found if entity["entity"] == name))


def entity(tracker: Tracker, name: str) -> str | None:
    """The first value of an entity in the newest message."""
    return next(iter(entities(tracker, name)), None)


def intent(tracker: Tracker) -> str:
    """The intent of the newest message, "" for none."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def known_response(domain: DomainDict, name: str) -> bool:
    """The domain has this response."""
    return name in (domain.get("responses") or {})
