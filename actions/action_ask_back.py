"""A question instead of a guess, when a message was not understood well enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.clock import Today, today_utc
from actions.conversations import ELIGIBILITY, answer_eligibility
from actions.speaking import entities

UNSURE = "nlu_fallback"
#: Meanings that nobody would choose from a list; who means them says them again.
NOT_OFFERED = frozenset(
    {
        UNSURE,
        "greet",
        "goodbye",
        "thank",
        "affirm",
        "deny",
        "repeat",
        "start_over",
        "out_of_scope",
        "ask_capabilities",
        "request_human",
    }
)
#: What answers a question of the eligibility conversation even when the message as a whole is unclear.
_ANSWERS = ("age", "relationship", "marital")
_MOST = 3
#: Below this a meaning is noise, and below this share of the one before it it is not a rival.
_LEAST, _RIVAL = 0.04, 0.4


class ActionAskBack(Action):
    """Offers the two or three likeliest meanings and a person; the second time in a row, a person.

    In the eligibility conversation an age, a relation or a marriage in the message is an answer, and goes there.
    """

    def __init__(self, today: Today = today_utc) -> None:
        self._today = today

    def name(self) -> str:
        """As in domain.yml."""
        return "action_ask_back"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Keeps all slots unless the message answers the running conversation."""
        if tracker.get_slot("flow") == ELIGIBILITY and any(entities(tracker, name) for name in _ANSWERS):
            return answer_eligibility(dispatcher, tracker, self._today())
        if asked_before(tracker.events):
            dispatcher.utter_message(response="utter_offer_person")
            return []
        meanings = likeliest(tracker.latest_message.get("intent_ranking") or [])
        if not meanings:
            dispatcher.utter_message(response="utter_ask_back_none")
            return []
        choices = [{"title_response": f"utter_intent_{intent}", "payload": f"/{intent}"} for intent in meanings]
        choices.append({"title_response": "utter_choice_person", "payload": "/request_human"})
        dispatcher.utter_message(json_message={"response": "utter_ask_back", "values": {}, "choices": choices})
        return []


def likeliest(ranking: list[dict[str, Any]]) -> list[str]:
    """At most three meanings worth offering, the likeliest first; a far weaker one ends the list."""
    chosen: list[str] = []
    last = 0.0
    for rank in ranking:
        name, confidence = str(rank["name"]), float(rank["confidence"])
        if name in NOT_OFFERED:
            continue
        if confidence < _LEAST or len(chosen) == _MOST or (len(chosen) >= 2 and confidence < last * _RIVAL):
            break
        chosen.append(name)
        last = confidence
    return chosen


def asked_before(events: list[dict[str, Any]]) -> bool:
    """The message before this one was unsure too, and was asked back about."""
    users = _from_the_newest_message(events)
    next(users, None)
    before = next(users, None)
    return before == UNSURE


def _from_the_newest_message(events: list[dict[str, Any]]) -> Iterator[str]:
    """The intents of the person's messages, newest first, up to the beginning of the session."""
    for event in reversed(events):
        if event["event"] == "session_started":
            return
        if event["event"] == "user":
            yield str(((event.get("parse_data") or {}).get("intent") or {}).get("name") or "")
