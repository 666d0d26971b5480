"""The custom actions through rasa-sdk's own executor, with trackers shaped as Rasa sends them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

import actions.conversations
from actions.action_eligibility import ActionEligibility

ROOT = Path(__file__).parents[2]
RESPONSES = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]
NAMES = {
    "action_change_language",
    "action_eligibility",
    "action_guide",
    "action_inform",
    "action_learn_more",
    "action_more",
    "action_repeat",
    "action_resume",
    "action_services",
    "action_start_over",
    "action_travel_answer",
}


@pytest.fixture(scope="module")
def executor() -> ActionExecutor:
    executor = ActionExecutor()
    executor.register_package("actions")
    return executor


class Talk:
    """One conversation with the action server: slots are kept, everything said is collected."""

    def __init__(self, executor: ActionExecutor) -> None:
        self.executor = executor
        self.slots: dict[str, Any] = {"flow": "none", "flow_state": None}
        self.events: list[dict[str, Any]] = []

    def run(self, action: str, intent: str = "", **entities: str) -> list[dict[str, Any]]:
        message = {
            "intent": {"name": intent, "confidence": 1.0},
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "text": "",
        }
        call = {
            "next_action": action,
            "sender_id": "c1",
            "tracker": {
                "sender_id": "c1",
                "slots": self.slots,
                "latest_message": message,
                "events": [*self.events, {"event": "user", "text": ""}],
                "paused": False,
                "followup_action": None,
                "active_loop": {},
                "latest_action_name": None,
            },
            "domain": {"responses": RESPONSES},
        }
        answer = asyncio.run(self.executor.run(call))
        assert answer is not None
        for event in json.loads(json.dumps(answer.events)):
            self.slots[event["name"]] = event["value"]
        return list(answer.responses)

    def says(self, action: str, intent: str = "", **entities: str) -> list[str]:
        return [said["response"] or said["custom"].get("response") for said in self.run(action, intent, **entities)]

    def taps(self, question: str, answer: str) -> list[str]:
        return self.says("action_inform", "inform", question=question, answer=answer)


@pytest.fixture
def talk(executor: ActionExecutor) -> Talk:
    return Talk(executor)


def test_all_actions_are_registered(executor: ActionExecutor) -> None:
    assert {name for name in executor.actions if name in NAMES} == NAMES


def test_eligibility_runs_through_the_slots(talk: Talk) -> None:
    talk.says("action_eligibility", "check_eligibility")
    assert talk.slots["flow"] == "eligibility"
    talk.taps("relation", "spouse")
    talk.says("action_inform", "affirm")
    talk.taps("status", "pending")
    assert talk.taps("location", "abroad")[0] == "utter_eligibility_likely_t2"
    assert talk.slots["flow"] == "none"


def test_another_question_in_between_comes_back_to_the_open_one(talk: Talk) -> None:
    talk.says("action_eligibility", "check_eligibility")
    talk.taps("relation", "child")
    assert talk.says("action_resume", "ask_cost") == ["utter_resume_lead", "utter_ask_eligibility_status"]


def test_resume_says_nothing_when_nothing_runs(talk: Talk) -> None:
    assert talk.says("action_resume") == []


def test_the_guide_and_the_other_conversation_do_not_forget_each_other(talk: Talk) -> None:
    talk.says("action_eligibility", "check_eligibility")
    talk.taps("relation", "child")
    talk.says("action_guide", "ask_travel_day")
    talk.taps("traveller", "family")
    assert talk.slots["flow"] == "guide"
    assert talk.taps("status", "pending") == ["utter_ask_eligibility_rel_age_filing"]


def test_travel_answers_follow_the_traveller(talk: Talk) -> None:
    assert talk.says("action_travel_answer", "ask_luggage") == ["utter_ask_luggage"]
    talk.taps("traveller", "child")
    assert talk.says("action_travel_answer", "ask_luggage") == ["utter_ask_luggage__child"]
    assert talk.says("action_travel_answer", "ask_child_travel") == ["utter_ask_child_travel"]


def test_a_travel_answer_that_does_not_exist_is_an_error(talk: Talk) -> None:
    with pytest.raises(LookupError):
        talk.says("action_travel_answer", "ask_moon")


def test_start_over_empties_both(talk: Talk) -> None:
    talk.taps("traveller", "child")
    assert talk.says("action_start_over") == ["utter_start_over"]
    assert talk.slots == {"flow": "none", "flow_state": None}


def test_a_state_nobody_can_read_begins_afresh(talk: Talk) -> None:
    talk.slots = {"flow": "eligibility", "flow_state": "from another version"}
    assert talk.says("action_resume") == []
    assert talk.says("action_eligibility", "check_eligibility")[0] == "utter_eligibility_intro"


def test_services_one_or_all(talk: Talk) -> None:
    assert talk.says("action_services", service="shelter") == ["utter_service_shelter"]
    assert talk.says("action_services", service="moon") == ["utter_ask_support_services"]
    assert talk.says("action_services") == ["utter_ask_support_services"]


def test_a_language_we_speak_is_used_at_once(talk: Talk) -> None:
    signal, reply = talk.run("action_change_language", language="es")
    assert signal["custom"] == {"locale": "es"}
    assert reply["custom"] == {"response": "utter_language_changed", "values": {"language": "Español"}, "locale": "es"}


def test_a_language_we_do_not_speak_is_said_honestly(talk: Talk) -> None:
    assert talk.says("action_change_language", language="sw") == ["utter_language_unknown", "utter_language_choices"]
    (offered,) = talk.run("action_change_language")
    assert {"title": "Español", "payload": '/change_language{"language": "es"}'} in offered["custom"]["choices"]
    assert talk.says("action_inform", "inform", question="language", answer="ar")[-1] == "utter_language_changed"


def test_reading_comes_three_at_a_time_to_the_end(talk: Talk) -> None:
    said = talk.run("action_more", topic="reading")
    seen = []
    while True:
        items = [message["response"] for message in said if message["response"] not in {None, "utter_reading"}]
        assert 0 < len(items) <= 3
        seen += items
        if not said[-1]["custom"]:
            break
        (choice,) = said[-1]["custom"]["choices"]
        said = talk.run("action_learn_more", **json.loads(choice["payload"].removeprefix("/learn_more")))
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == len(yaml.safe_load((ROOT / "data" / "reading.yml").read_text("utf-8"))["items"])


def test_reading_by_topic_and_country(talk: Talk) -> None:
    assert "utter_reading_travel_safe_youth" in talk.says("action_learn_more", topic="tips", country="AM")
    assert talk.says("action_learn_more", topic="none_such") == ["utter_reading_none"]


def test_more_says_only_what_the_domain_has(talk: Talk) -> None:
    assert talk.says("action_more", topic="tips_1") == ["utter_tips_1"]
    assert talk.says("action_more", topic="secret") == ["utter_ask_capabilities"]
    assert talk.says("action_more") == ["utter_ask_capabilities"]


def test_a_yes_to_nothing_gets_the_overview(talk: Talk) -> None:
    assert talk.says("action_inform", "affirm") == ["utter_ask_capabilities"]


def test_repeat_says_the_whole_last_answer_again(talk: Talk) -> None:
    custom = {"response": "utter_eligibility_summary", "values": {}, "parts": {}, "choices": []}
    talk.events = [
        {"event": "user", "text": "a"},
        {"event": "bot", "text": "old", "metadata": {"utter_action": "utter_greet"}, "data": {}},
        {"event": "user", "text": "b"},
        {"event": "bot", "text": "x", "metadata": {"utter_action": "utter_tips_1", "template": "utter_tips_1"}, "data": {}},
        {"event": "bot", "text": None, "metadata": {}, "data": {"custom": custom}},
        {"event": "bot", "text": None, "metadata": {}, "data": {"custom": {"locale": "es"}}},
        {"event": "bot", "text": "y", "metadata": {"utter_action": "utter_resume_lead"}, "data": {}},
    ]
    assert talk.says("action_repeat", "repeat") == ["utter_tips_1", "utter_eligibility_summary"]


def test_repeat_keeps_the_values_of_placeholders(talk: Talk) -> None:
    talk.events = [
        {
            "event": "bot",
            "text": "From now on ...",
            "metadata": {"utter_action": "utter_language_changed", "language": "Español", "reviewed": "2026-11-21"},
            "data": {},
        }
    ]
    (said,) = talk.run("action_repeat", "repeat")
    assert said["language"] == "Español"
    assert "reviewed" not in said


def test_repeat_with_nothing_said_gives_the_overview(talk: Talk) -> None:
    assert talk.says("action_repeat", "repeat") == ["utter_ask_capabilities"]


def test_no_action_ever_sends_text(talk: Talk) -> None:
    said = talk.run("action_eligibility", "check_eligibility") + talk.run("action_guide", "ask_travel_day")
    assert all(message["text"] is None for message in said)


def test_today_is_the_clocks() -> None:
    assert ActionEligibility()._today() == datetime.now(UTC).date()


def test_a_broken_guide_is_an_error_and_not_half_an_answer(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.conversations.the_guide.cache_clear()
    monkeypatch.setattr(actions.conversations, "DATA", tmp_path)
    with pytest.raises(FileNotFoundError):
        talk.says("action_guide", "ask_travel_day")
