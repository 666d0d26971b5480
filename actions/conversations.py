"""Runs the two conversations of bot/flows on Rasa's tracker.

The slot `flow` says which one waits for an answer; `flow_state` keeps the state of both, so that looking into the guide
loses no answer of the other.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from actions.speaking import entities, entity, intent, say
from bot.flows import eligibility, eligibility_state, guide
from bot.flows.reply import Reply

ELIGIBILITY, GUIDE, NONE = "eligibility", "guide", "none"
DATA = Path(__file__).resolve().parent.parent / "data"


@lru_cache(maxsize=1)
def the_guide() -> guide.Guide:
    """data/guide.yml, read once."""
    return guide.Guide.load(DATA / "guide.yml")


def stored(tracker: Tracker) -> dict[str, Any]:
    """The states of both conversations; empty where the slot holds something else."""
    held = tracker.get_slot("flow_state")
    return dict(held) if isinstance(held, dict) else {}


def traveller(tracker: Tracker) -> str:
    """Who travels, as told to the guide; "" when not told."""
    return guide.State.from_json(stored(tracker).get(GUIDE)).traveller


def _kept(tracker: Tracker, name: str, state: eligibility_state.State | guide.State) -> list[dict[str, Any]]:
    return [
        SlotSet("flow", name if state.running else NONE),
        SlotSet("flow_state", {**stored(tracker), name: state.as_json()}),
    ]


def answer_eligibility(dispatcher: CollectingDispatcher, tracker: Tracker, today: date) -> list[dict[str, Any]]:
    """The newest message as a turn of the eligibility conversation."""
    state = eligibility_state.State.from_json(stored(tracker).get(ELIGIBILITY))
    heard = eligibility_state.Heard(
        intent=intent(tracker),
        question=entity(tracker, "question"),
        answer=entity(tracker, "answer"),
        relationships=entities(tracker, "relationship"),
        ages=tuple(int(age) for age in entities(tracker, "age") if age.isascii() and age.isdigit()),
        marital=entity(tracker, "marital"),
    )
    state, replies = eligibility.step(state, heard, today)
    say(dispatcher, replies)
    return _kept(tracker, ELIGIBILITY, state)


def answer_guide(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]]:
    """The newest message as a turn of the guide."""
    state = guide.State.from_json(stored(tracker).get(GUIDE))
    heard = guide.Heard(intent(tracker), entity(tracker, "question"), entity(tracker, "answer"))
    state, replies = guide.step(the_guide(), state, heard)
    say(dispatcher, replies)
    return _kept(tracker, GUIDE, state)


def open_question(tracker: Tracker) -> list[Reply]:
    """The question of the running conversation that waits; nothing when none runs."""
    match tracker.get_slot("flow"):
        case "eligibility":
            return eligibility.ask_again(eligibility_state.State.from_json(stored(tracker).get(ELIGIBILITY)))
        case "guide":
            return guide.ask_again(the_guide(), guide.State.from_json(stored(tracker).get(GUIDE)))
        case _:
            return []
