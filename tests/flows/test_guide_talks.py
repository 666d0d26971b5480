"""Whole talks of the travel guide, over the guide as staff wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.flows.guide import TRAVELLERS, Guide, Heard, State, ask_again, step

ROOT = Path(__file__).parents[2]
GUIDE = Guide.load(ROOT / "data" / "guide.yml")


class Talk:
    def __init__(self) -> None:
        self.state = State()

    def _turn(self, heard: Heard) -> list[str]:
        self.state, replies = step(GUIDE, State.from_json(self.state.as_json()), heard)
        return [reply.response for reply in replies]

    def taps(self, question: str, answer: str) -> list[str]:
        return self._turn(Heard("inform", question, answer))

    def says(self, intent: str) -> list[str]:
        return self._turn(Heard(intent))


@pytest.fixture
def talk() -> Talk:
    talk = Talk()
    assert talk.says("ask_travel_day") == ["utter_ask_travel_day", "utter_guide_who"]
    return talk


def test_a_family_is_led_through_the_airport(talk: Talk) -> None:
    assert talk.taps("traveller", "family") == ["utter_guide_stage"]
    steps = [step.response for step in GUIDE.steps("airport", "family")]
    assert talk.taps("stage", "airport") == [steps[0], "utter_guide_next"]
    for expected in steps[1:-1]:
        assert talk.taps("step", "next") == [expected, "utter_guide_next"]
    assert talk.says("affirm") == [steps[-1], "utter_guide_stage_done"]
    assert talk.taps("step", "next") == ["utter_guide_stage_done"]
    assert talk.taps("step", "other") == ["utter_guide_stage"]


def test_enough_ends_it_and_the_traveller_is_remembered(talk: Talk) -> None:
    talk.taps("traveller", "child")
    talk.taps("stage", "transit")
    assert talk.taps("step", "enough") == ["utter_guide_done"]
    assert not talk.state.running
    assert talk.says("ask_travel_day") == ["utter_ask_travel_day", "utter_guide_stage"]


def test_a_bare_no_is_enough(talk: Talk) -> None:
    assert talk.says("deny") == ["utter_guide_done"]


def test_a_part_chosen_from_outside_asks_who_travels_first() -> None:
    talk = Talk()
    assert talk.taps("stage", "arrival") == ["utter_guide_who"]
    assert talk.taps("traveller", "adult")[0] == GUIDE.steps("arrival", "adult")[0].response


def test_interrupted_and_resumed_asks_whether_to_go_on(talk: Talk) -> None:
    talk.taps("traveller", "adult")
    talk.taps("stage", "airport")
    resumed = State.from_json(talk.state.as_json())
    assert [reply.response for reply in ask_again(GUIDE, resumed)] == ["utter_guide_next"]
    assert talk.taps("step", "next")[0] == GUIDE.steps("airport", "adult")[1].response


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {"version": 2},
        {"version": 1, "traveller": "king", "stage": "", "done": 0, "open": ""},
        {"version": 1, "traveller": "", "stage": "", "done": -1, "open": ""},
        {"version": 1, "traveller": "", "stage": "", "done": 0, "open": "step"},
    ],
)
def test_a_state_of_another_shape_begins_afresh(stored: object) -> None:
    assert State.from_json(stored) == State()


def test_a_part_that_staff_removed_is_asked_again() -> None:
    _state, replies = step(GUIDE, State("adult", "gone", 1, "step"), Heard("inform", "step", "next"))
    assert [reply.response for reply in replies] == ["utter_guide_stage"]


def test_every_step_and_part_has_words() -> None:
    responses = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]
    offered = "".join(button["payload"] for button in responses["utter_guide_stage"][0]["buttons"])
    for stage, steps in GUIDE.stages.items():
        assert f'"{stage}"' in offered
        assert all(step.response in responses for step in steps)
    assert all(GUIDE.steps(stage, traveller) for stage in GUIDE.stages for traveller in TRAVELLERS)


def test_a_guide_that_leaves_a_traveller_out_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "guide.yml"
    page.write_text("stages: [{id: airport, steps: [{id: a, for: [adult], response: utter_a}]}]")
    with pytest.raises(ValueError, match="no step for 'family'"):
        Guide.load(page)


def test_an_unknown_traveller_in_the_guide_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "guide.yml"
    page.write_text("stages: [{id: airport, steps: [{id: a, for: [king], response: utter_a}]}]")
    with pytest.raises(ValueError, match="must name"):
        Guide.load(page)
