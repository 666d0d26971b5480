"""The question instead of a guess: what is offered, and when a person is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_ask_back import ActionAskBack, asked_before, likeliest


def user(intent: str) -> dict[str, Any]:
    return {"event": "user", "text": "", "parse_data": {"intent": {"name": intent}}}


def run(events: list[dict[str, Any]], ranking: list[dict[str, Any]], flow: str = "none", **found: str) -> list[dict[str, Any]]:
    message = {
        "text": "",
        "intent": {"name": "nlu_fallback"},
        "intent_ranking": [{"name": "nlu_fallback", "confidence": 0.3}, *ranking],
        "entities": [{"entity": name, "value": value} for name, value in found.items()],
    }
    slots = {"flow": flow, "flow_state": None}
    tracker = Tracker("c1", slots, message, events, False, None, {}, None)
    dispatcher = CollectingDispatcher()
    done = ActionAskBack().run(dispatcher, tracker, {})
    if asyncio.iscoroutine(done):
        asyncio.run(done)
    return dispatcher.messages


def ranking(**meanings: float) -> list[dict[str, Any]]:
    return [{"name": name, "confidence": confidence} for name, confidence in meanings.items()]


@pytest.mark.parametrize(
    ("ranks", "offered"),
    [
        (ranking(ask_cost=0.3, ask_luggage=0.25, ask_privacy=0.2, ask_contact=0.1), ["ask_cost", "ask_luggage", "ask_privacy"]),
        (ranking(ask_cost=0.4, ask_luggage=0.2, ask_privacy=0.05), ["ask_cost", "ask_luggage"]),
        (ranking(greet=0.4, ask_cost=0.2, out_of_scope=0.1), ["ask_cost"]),
        (ranking(affirm=0.4, deny=0.3), []),
        (ranking(ask_cost=0.03, ask_luggage=0.02), []),
        ([], []),
    ],
)
def test_the_likeliest_meanings_are_offered(ranks: list[dict[str, Any]], offered: list[str]) -> None:
    assert likeliest(ranks) == offered


def test_meanings_and_a_person_are_choices_worded_by_the_channel() -> None:
    said = run([user("nlu_fallback")], ranking(ask_cost=0.3, ask_luggage=0.25))[0]["custom"]
    assert said["response"] == "utter_ask_back"
    assert said["choices"] == [
        {"title_response": "utter_intent_ask_cost", "payload": "/ask_cost"},
        {"title_response": "utter_intent_ask_luggage", "payload": "/ask_luggage"},
        {"title_response": "utter_choice_person", "payload": "/request_human"},
    ]


def test_nothing_likely_is_said_openly() -> None:
    assert run([user("nlu_fallback")], ranking(greet=0.2))[0]["response"] == "utter_ask_back_none"


def test_the_second_time_in_a_row_a_person_is_offered() -> None:
    before = [user("nlu_fallback"), {"event": "action", "name": "action_ask_back"}, user("nlu_fallback")]
    assert run(before, ranking(ask_cost=0.3))[0]["response"] == "utter_offer_person"


@pytest.mark.parametrize(
    ("events", "asked"),
    [
        ([user("nlu_fallback")], False),
        ([user("ask_cost"), user("nlu_fallback")], False),
        ([user("nlu_fallback"), user("ask_cost"), user("nlu_fallback")], False),
        ([user("nlu_fallback"), {"event": "session_started"}, user("nlu_fallback")], False),
        ([user("nlu_fallback"), user("nlu_fallback")], True),
    ],
)
def test_in_a_row_means_one_message_after_the_other(events: list[dict[str, Any]], asked: bool) -> None:
    assert asked_before(events) is asked


def test_an_age_in_the_eligibility_talk_is_an_answer() -> None:
    said = run([user("nlu_fallback")], ranking(ask_cost=0.3), flow="eligibility", relationship="sibling")
    assert said
    assert all((message["response"] or message["custom"].get("response")) != "utter_ask_back" for message in said)
