"""Domain, rules and training lines fit together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.brain.corpus import lines_in
from bot.i18n.languages import CODES

ROOT = Path(__file__).parents[2]
BUTTONS_ONLY = {"inform", "more", "learn_more"}


@pytest.fixture(scope="module")
def domain() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted((ROOT / "data" / "rules").glob("*.yml"))
        for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]
    ]


def intents(domain: dict[str, Any]) -> set[str]:
    return {name for entry in domain["intents"] for name in entry}


def test_every_intent_has_a_rule_and_every_rule_an_intent(domain: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert {rule["steps"][0]["intent"] for rule in rules} == intents(domain) | {"nlu_fallback"}


def test_every_rule_names_actions_and_answers_that_exist(domain: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    actions = {name for entry in domain["actions"] for name in ([entry] if isinstance(entry, str) else entry)}
    known = actions | set(domain["responses"])
    assert {step["action"] for rule in rules for step in rule["steps"][1:]} <= known


def test_a_call_for_help_is_followed_by_no_question(rules: list[dict[str, Any]]) -> None:
    help_wanted = {
        "report_danger",
        "self_harm",
        "medical_emergency",
        "report_trafficking",
        "express_distress",
        "report_misconduct",
        "request_human",
    }
    for rule in rules:
        if rule["steps"][0]["intent"] in help_wanted:
            assert len(rule["steps"]) == 2


def test_every_meaning_has_a_name_to_offer(domain: dict[str, Any]) -> None:
    assert {f"utter_intent_{name}" for name in intents(domain) - BUTTONS_ONLY} <= set(domain["responses"])


def test_entities_choose_no_answer_and_slots_are_filled_by_actions_alone(domain: dict[str, Any]) -> None:
    assert all(options == {"use_entities": []} for entry in domain["intents"] for options in entry.values())
    assert all(slot["mappings"] == [{"type": "custom"}] for slot in domain["slots"].values())


def test_the_domain_can_be_sent_to_the_action_server(domain: dict[str, Any]) -> None:
    json.dumps(domain)  # an unquoted date could not


def test_every_language_has_lines_for_every_intent_and_none_for_buttons(domain: dict[str, Any]) -> None:
    wanted = intents(domain) - BUTTONS_ONLY
    seen: dict[str, set[str]] = {}
    for line in lines_in(ROOT / "data" / "nlu"):
        seen.setdefault(line.language, set()).add(line.intent)
        assert not line.text.startswith("/")
    assert seen == dict.fromkeys(CODES, wanted)
