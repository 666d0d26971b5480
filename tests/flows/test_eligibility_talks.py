"""Whole eligibility conversations, written as they are talked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.eligibility import ask_again, step
from bot.flows.eligibility_answers import DONT_KNOW, GROUPS, QUESTIONS, RELATIONS, understood, variant
from bot.flows.eligibility_state import CONFIRM, MINE, Heard, State
from bot.flows.reply import Reply

TODAY = date(2026, 11, 21)
ASK = "utter_ask_eligibility_"
RESPONSES = yaml.safe_load((Path(__file__).parents[2] / "domain.yml").read_text("utf-8"))["responses"]


class Talk:
    """A conversation: `taps` a choice of the open question, `says` free text already understood by Rasa."""

    def __init__(self) -> None:
        self.state = State()
        self.replies: list[Reply] = []

    def _turn(self, heard: Heard) -> list[str]:
        # Through the slot, as Rasa keeps it.
        self.state, self.replies = step(State.from_json(self.state.as_json()), heard, TODAY)
        return [reply.response for reply in self.replies]

    def taps(self, answer: str, question: str | None = None) -> list[str]:
        return self._turn(Heard("inform", question or self.state.open, answer))

    def says(self, intent: str, *relations: str, ages: tuple[int, ...] = (), marital: str | None = None) -> list[str]:
        return self._turn(Heard(intent, relationships=relations, ages=ages, marital=marital))

    def goes(self, *answers: str) -> list[str]:
        heard: list[str] = []
        for answer in answers:
            heard = self.taps(answer)
        return heard


@pytest.fixture
def talk() -> Talk:
    talk = Talk()
    assert talk.says("check_eligibility") == ["utter_eligibility_intro", f"{ASK}relation"]
    return talk


def test_a_wife_waiting_abroad(talk: Talk) -> None:
    assert talk.taps("spouse") == [f"{ASK}marital_spouse"]
    assert talk.taps("married") == [f"{ASK}status"]
    assert talk.taps("pending") == [f"{ASK}location"]
    assert talk.taps("abroad") == [
        "utter_eligibility_likely_t2",
        "utter_eligibility_next_abroad",
        "utter_eligibility_summary",
    ]
    assert not talk.state.running


def test_a_sister_of_16_in_danger_brings_a_ticket_once(talk: Talk) -> None:
    assert talk.goes("sibling", "pending") == [f"{ASK}rel_age_filing_sibling"]
    assert talk.taps("under_17") == [f"{ASK}marital"]
    assert talk.taps("single") == [f"{ASK}principal_age_filing"]
    assert talk.taps("21_plus") == [f"{ASK}danger"]
    assert talk.taps("yes") == ["utter_eligibility_danger_noted", f"{ASK}location"]
    assert talk.taps("dk") == [
        "utter_eligibility_likely_t5_danger",
        "utter_eligibility_next_anywhere",
        "utter_eligibility_summary",
    ]


def test_danger_not_known_is_an_answer(talk: Talk) -> None:
    said = talk.goes("parent", "pending", "21_plus", "dk", "abroad")
    assert said[:2] == ["utter_eligibility_if_danger_t4", "utter_eligibility_note_lawyer"]


def test_i_do_not_know_ends_with_a_person_and_not_in_a_circle(talk: Talk) -> None:
    assert talk.goes("parent", "dk") == ["utter_eligibility_lawyer_status_unknown", "utter_eligibility_summary"]


def test_nothing_known_at_all_still_ends_well(talk: Talk) -> None:
    assert talk.taps("dk") == ["utter_eligibility_lawyer_unknown", "utter_eligibility_after"]


def test_a_fiance_is_answered_at_once(talk: Talk) -> None:
    assert talk.taps("partner")[0] == "utter_eligibility_not_not_married"


def test_my_19_year_old_sister_is_checked_before_it_is_believed() -> None:
    talk = Talk()
    said = talk.says("check_eligibility", "sibling", ages=(19,))
    assert said == ["utter_eligibility_intro", f"{ASK}relation_confirm"]
    assert talk.replies[-1].parts["relation"][0].response == "utter_fact_relation_sibling"
    assert talk.says("affirm") == [f"{ASK}status"]
    assert talk.taps("not_filed") == [f"{ASK}link_sibling"]
    assert talk.taps("no")[0] == "utter_eligibility_not_link_first"


def test_a_relation_the_wrong_way_round_is_turned_by_one_no() -> None:
    talk = Talk()
    talk.says("check_eligibility", "child", ages=(30,))
    assert talk.says("deny") == [f"{ASK}relation"]
    assert talk.state.answers == {}
    assert talk.taps("parent") == [f"{ASK}status"]


def test_no_my_brother_answers_the_check() -> None:
    talk = Talk()
    talk.says("check_eligibility", "sibling")
    assert talk.says("deny", "parent") == ["utter_eligibility_understood", f"{ASK}status"]
    assert talk.state.answers["relation"] == "parent"


def test_an_age_told_during_the_check_is_kept() -> None:
    talk = Talk()
    talk.says("check_eligibility", "child")
    assert talk.says("inform", ages=(19,)) == ["utter_eligibility_understood", f"{ASK}status"]
    assert talk.state.answers == {"relation": "child", "rel_age_now": "19"}


def test_no_she_is_19_changes_the_earlier_answer_and_says_what_was_understood(talk: Talk) -> None:
    talk.goes("child", "pending", "21_plus")
    assert talk.state.open == "link"
    said = talk.says("deny", ages=(19,))
    assert said == ["utter_eligibility_understood", f"{ASK}marital"]
    (age,) = talk.replies[0].parts["facts"]
    assert (age.response, age.values) == ("utter_fact_rel_age_filing", {"age": "19"})


def test_no_she_is_19_while_the_other_age_is_asked_is_still_hers(talk: Talk) -> None:
    talk.goes("sibling", "pending", "under_17", "single")
    assert talk.state.open == "principal_age_filing"
    talk.says("deny", ages=(19,))
    assert talk.state.answers["rel_age_filing"] == "19"
    assert talk.state.open == "link"


def test_an_age_typed_to_a_question_is_taken_exactly(talk: Talk) -> None:
    talk.goes("child", "not_filed")
    assert talk.says("inform", ages=(20,))[:2] == ["utter_eligibility_understood", "utter_eligibility_urgent_birthday"]


def test_two_ages_at_once_are_not_guessed_between(talk: Talk) -> None:
    talk.goes("child", "pending")
    assert talk.says("inform", ages=(19, 23)) == [f"{ASK}rel_age_filing"]


def test_several_relatives_are_taken_one_at_a_time() -> None:
    talk = Talk()
    assert talk.says("check_eligibility", "spouse", "child")[-1] == "utter_eligibility_one_at_a_time"
    assert [option.title for option in talk.replies[-1].options] == [
        "utter_fact_relation_spouse",
        "utter_fact_relation_child",
        "utter_choice_other",
    ]
    assert talk.taps("child") == [f"{ASK}status"]


def test_no_she_is_17_during_the_check_is_about_the_relative_who_was_named() -> None:
    talk = Talk()
    talk.says("check_eligibility", "sibling")
    assert talk.says("deny", ages=(17,)) == ["utter_eligibility_understood", f"{ASK}status"]
    assert talk.state.answers == {"relation": "sibling", "rel_age_now": "17"}


def test_when_none_of_the_relatives_heard_was_meant_all_are_offered() -> None:
    talk = Talk()
    talk.says("check_eligibility", "grandchild", "child")
    other = talk.replies[-1].options[-1]
    assert other.title == "utter_choice_other"
    assert "relation_confirm" in other.payload
    assert talk.taps("no", "relation_confirm") == [f"{ASK}relation"]


def test_a_bare_yes_or_no_answers_a_yes_or_no_question(talk: Talk) -> None:
    talk.goes("parent", "pending", "21_plus")
    assert talk.says("deny")[0] == "utter_eligibility_not_no_danger"


def test_no_not_married_is_heard_as_such(talk: Talk) -> None:
    talk.goes("child", "pending", "under_20")
    talk.says("deny", marital="married")
    assert talk.state.answers["marital"] == "single"


def test_a_bare_no_elsewhere_offers_to_change_an_answer(talk: Talk) -> None:
    talk.goes("child", "pending")
    assert talk.says("deny") == ["utter_eligibility_change"]
    assert talk.taps("status") == [f"{ASK}status"]
    assert talk.taps("not_filed") == [f"{ASK}rel_age_now"]


def test_nothing_to_change_goes_on(talk: Talk) -> None:
    talk.goes("child", "pending")
    talk.says("deny")
    assert talk.says("deny") == [f"{ASK}rel_age_filing"]


def test_an_old_button_changes_that_answer(talk: Talk) -> None:
    talk.goes("child", "pending", "21_plus", "no")
    assert not talk.state.running
    assert talk.taps("20", "rel_age_filing") == [f"{ASK}marital"]


def test_interrupted_and_resumed_asks_the_same_question(talk: Talk) -> None:
    talk.goes("sibling", "pending")
    resumed = State.from_json(talk.state.as_json())
    assert [reply.response for reply in ask_again(resumed)] == [f"{ASK}rel_age_filing_sibling"]


def test_a_check_and_a_change_are_resumed_too() -> None:
    talk = Talk()
    talk.says("check_eligibility", "child")
    assert ask_again(talk.state)[0].parts
    talk.taps("yes")
    talk.says("deny")
    assert ask_again(talk.state)[0].options


def test_another_relative_keeps_what_is_known_of_the_person_in_the_united_states(talk: Talk) -> None:
    talk.goes("parent", "pending", "under_20", "abroad")
    assert talk.taps("another", "eligibility_menu") == [f"{ASK}relation"]
    assert talk.taps("sibling") == [f"{ASK}rel_age_filing_sibling"]
    assert talk.goes("under_17", "single", "abroad")[0] == "utter_eligibility_likely_t5"


def test_asking_again_after_an_outcome_looks_at_another_relative(talk: Talk) -> None:
    talk.goes("spouse", "married", "pending", "abroad")
    assert talk.says("check_eligibility", "child") == [f"{ASK}relation_confirm"]
    assert talk.state.answers == {"status": "pending"}


def test_another_relation_in_the_middle_is_checked_and_forgets_what_was_the_first_ones(talk: Talk) -> None:
    talk.goes("child", "pending", "20")
    assert talk.says("check_eligibility", "spouse") == [f"{ASK}relation_confirm"]
    assert talk.says("affirm") == [f"{ASK}marital_spouse"]
    assert "rel_age_filing" not in talk.state.answers
    assert talk.state.answers["status"] == "pending"


def test_refusing_the_other_relation_goes_back_to_the_question(talk: Talk) -> None:
    talk.goes("child", "pending")
    talk.says("inform", "spouse")
    assert talk.taps("no") == [f"{ASK}rel_age_filing"]


def test_restart_forgets_everything(talk: Talk) -> None:
    talk.goes("child", "pending")
    state, replies = step(talk.state, Heard(restart=True), TODAY)
    assert (state.answers, [r.response for r in replies]) == ({}, [f"{ASK}relation"])


def test_a_green_card_is_for_a_lawyer_before_anything_else_is_asked(talk: Talk) -> None:
    assert talk.goes("child", "green_card")[0] == "utter_eligibility_lawyer_green_card"


def test_a_child_who_turned_21_when_nobody_knows_is_urgent(talk: Talk) -> None:
    said = talk.goes("child", "approved", "20", "21_plus", "dk")
    assert said[0] == "utter_eligibility_urgent_child_21"


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "x",
        {},
        {"version": 0, "answers": {}, "open": "", "proposed": {}},
        {"version": 1, "answers": {"relation": "king"}, "open": "", "proposed": {}},
        {"version": 1, "answers": {}, "open": CONFIRM, "proposed": {}},
        {"version": 1, "answers": {}, "open": "gone", "proposed": {}},
        {"version": 1, "answers": [], "open": "", "proposed": {}},
    ],
)
def test_a_state_of_another_shape_begins_afresh(stored: object) -> None:
    assert State.from_json(stored) == State()


def test_a_choice_nobody_offered_changes_nothing(talk: Talk) -> None:
    assert talk.taps("king") == [f"{ASK}relation"]
    assert talk.taps("-1", "rel_age_now") == [f"{ASK}relation"]
    assert talk.state.answers == {}


answers = st.sampled_from([(q, a) for q, codes in QUESTIONS.items() for a in (*codes, DONT_KNOW)])
chosen = answers.map(lambda pair: Heard("inform", *pair))
menus = st.sampled_from(
    [Heard("inform", "eligibility_menu", a) for a in ("another", "change")]
    + [Heard("inform", "eligibility_change", group) for group in GROUPS]
    + [Heard("inform", CONFIRM, a) for a in ("yes", "no")]
)
typed = st.builds(
    Heard,
    intent=st.sampled_from(["affirm", "deny", "inform", "check_eligibility"]),
    relationships=st.lists(st.sampled_from([*RELATIONS, "friend"]), max_size=2).map(tuple),
    ages=st.lists(st.integers(0, 200), max_size=2).map(tuple),
    marital=st.none() | st.sampled_from(["single", "married", "divorced", "widowed", "complicated"]),
)


@given(st.lists(chosen | menus | typed, max_size=14))
def test_any_talk_always_gets_worded_replies_and_at_most_one_question(turns: list[Heard]) -> None:
    state = State()
    for heard in turns:
        state, replies = step(State.from_json(state.as_json()), heard, TODAY)
        assert State.from_json(state.as_json()) == state
        assert replies
        assert sum(reply.response.startswith(ASK) for reply in replies) <= 1
        for reply in replies:
            used = [reply.response, *(option.title for option in reply.options)]
            used += [phrase.response for phrases in reply.parts.values() for phrase in phrases]
            assert not set(used) - RESPONSES.keys()
        if state.running:
            assert ask_again(state)


@given(st.dictionaries(st.just("relation"), st.sampled_from(sorted(RELATIONS)), min_size=1), st.data())
def test_answering_every_question_ends_in_an_outcome(answers: dict[str, str], data: st.DataObject) -> None:
    state = State(answers)
    state, _ = step(state, Heard("inform", "relation", answers["relation"]), TODAY)
    for _turn in range(12):
        if not state.running:
            return
        buttons = RESPONSES[variant(state.open, state.answers)][0]["buttons"]
        taken = yaml.safe_load(data.draw(st.sampled_from(buttons))["payload"].removeprefix("/inform"))
        state, _ = step(state, Heard("inform", **taken), TODAY)
    raise AssertionError("still asking")


def test_the_buttons_in_the_domain_offer_what_the_questions_take() -> None:
    for name, (response,) in RESPONSES.items():
        for button in response.get("buttons", []) if name.startswith((ASK, "utter_eligibility_")) else []:
            if not button["payload"].startswith("/inform"):
                continue
            payload = yaml.safe_load(button["payload"].removeprefix("/inform"))
            assert payload["question"] in MINE, name
            if payload["question"] in QUESTIONS:
                assert payload["answer"] in (*QUESTIONS[payload["question"]], DONT_KNOW), name
        if name.startswith(ASK) and "confirm" not in name:
            assert any('"dk"' in button["payload"] for button in response["buttons"]), name


def test_everything_understood_has_words() -> None:
    for question, codes in QUESTIONS.items():
        for code in (*codes, "19"):
            if code == "19" and "age" not in question:
                continue
            for phrase in understood({question: code}):
                assert phrase.response in RESPONSES
