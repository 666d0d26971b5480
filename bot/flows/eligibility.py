"""The eligibility conversation: asks only what the rules still need, one question at a time, and says what they say.

`step` is pure: a state and what was heard go in, the next state and replies come out. Any answer may be corrected at
any time, and the rules are asked afresh each time. It decides nothing itself and keeps no words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.eligibility.case import Field, Location
from bot.eligibility.evaluate import evaluate
from bot.eligibility.outcome import Kind, Note, Result
from bot.eligibility.wording import SAID, note_response_of, response_of
from bot.flows.eligibility_answers import (
    ABOUT_PRINCIPAL,
    AGE_QUESTIONS,
    DONT_KNOW,
    GROUPS,
    RELATIONS,
    YES_OR_NO,
    case_of,
    understood,
    valid,
    variant,
)
from bot.flows.eligibility_state import CHANGE, CONFIRM, MENU, Heard, State
from bot.flows.reply import Option, Phrase, Reply, payload

_LIKELY = frozenset({Kind.LIKELY, Kind.LIKELY_IF_DANGER})
_MOST_NOTES = 2


Turn = tuple[State, list[Reply]]


def step(state: State | None, heard: Heard, today: date) -> Turn:
    """One turn. `today` (a date of the programme's time zone) counts only where nothing is filed yet."""
    state = state or State()
    if heard.restart:
        return _ask_on(State(), today)
    if heard.question is not None:
        return _chosen(state, heard.question, heard.answer or "", today)
    fresh = not state.running
    if fresh:
        state = _for_another(state)
    intro = [Reply("utter_eligibility_intro")] if fresh and not state.answers else []
    state, replies = _told(state, heard, today)
    return state, intro + replies


def ask_again(state: State) -> list[Reply]:
    """The question that waits, as it was asked; nothing when none waits."""
    match state.open:
        case "":
            return []
        case "relation_confirm":
            return [_confirmation(state)]
        case "eligibility_change":
            return [_what_to_change(state)]
        case question:
            return [Reply(variant(question, state.answers))]


def _chosen(state: State, question: str, answer: str, today: date) -> Turn:
    """A choice was taken: the newest, or one of an older message, which then changes that answer."""
    if question == MENU and answer == "another":
        return _ask_on(_for_another(state), today)
    if question == MENU and answer == "change" and state.answers:
        return _offer_change(state)
    if question == CHANGE and answer in GROUPS:
        return _ask_on(_without(state, GROUPS[answer]), today)
    if question == CONFIRM and state.open == CONFIRM:
        return _confirmed(state, answer == "yes", today)
    if valid(question, answer):
        return _ask_on(_recorded(state, question, answer), today)
    return _ask_on(state, today)


def _told(state: State, heard: Heard, today: date) -> Turn:
    """Free text: what was found in it corrects or answers; a bare yes or no answers what waits."""
    relations = tuple(dict.fromkeys(relation for relation in heard.relationships if relation in RELATIONS))
    if len(relations) > 1:
        return _one_at_a_time(state, relations)
    details = _details(state, heard)
    current = state.answers.get(Field.RELATION)
    if relations and state.open == CONFIRM:
        if relations[0] != state.proposed[Field.RELATION] or heard.intent != "deny":
            return _corrected(replace(state, proposed={}), {Field.RELATION: relations[0], **details}, today)
        return _confirmed(state, False, today)
    if relations and relations[0] != current:
        if state.open == Field.RELATION:
            return _corrected(state, {Field.RELATION: relations[0], **details}, today)
        state = replace(state, open=CONFIRM, proposed={Field.RELATION: relations[0], **details})
        return state, [_confirmation(state)]
    if details and state.open == CONFIRM:
        # Whoever goes on about this relative ("no, she is 17") means the one we named; it is said back with the rest.
        return _corrected(replace(state, proposed={}), {**state.proposed, **details}, today)
    if state.open == CONFIRM and heard.intent in {"affirm", "deny"}:
        return _confirmed(state, heard.intent == "affirm", today)
    if details:
        return _corrected(state, details, today)
    return _yes_or_no(state, heard.intent, today)


def _yes_or_no(state: State, intent: str, today: date) -> Turn:
    if intent in {"affirm", "deny"} and state.open in YES_OR_NO:
        yes, no = YES_OR_NO[state.open]
        return _ask_on(_recorded(state, state.open, yes if intent == "affirm" else no), today)
    if intent == "deny" and state.answers and state.open != CHANGE:
        return _offer_change(state)
    return _ask_on(state, today)


def _details(state: State, heard: Heard) -> dict[str, str]:
    """Age and marriage found in free text, under the questions they answer."""
    found: dict[str, str] = {}
    if len(set(heard.ages)) == 1 and valid(Field.REL_AGE_NOW, str(heard.ages[0])):
        found[_age_question(state, correcting=heard.intent == "deny")] = str(heard.ages[0])
    if heard.marital and valid(Field.MARITAL, heard.marital):
        found[Field.MARITAL] = heard.marital
        negated = heard.intent == "deny" and heard.marital == "married"
        if negated and (state.open == Field.MARITAL or state.answers.get(Field.MARITAL) == "married"):
            found[Field.MARITAL] = "single"
    return found


def _age_question(state: State, correcting: bool) -> str:
    """Whose age was told: the one asked for; a "no, she is 19" is the relative's, as it was told before."""
    of_relative = [q for q in (Field.REL_AGE_FILING, Field.REL_AGE_NOW) if q in state.answers]
    asked_of_principal = state.open in {Field.PRINCIPAL_AGE_FILING, Field.PRINCIPAL_AGE_NOW}
    if state.open in AGE_QUESTIONS and not (correcting and asked_of_principal and of_relative):
        return state.open
    return of_relative[0] if of_relative else Field.REL_AGE_NOW


def _corrected(state: State, found: Mapping[str, str], today: date) -> Turn:
    """Records what free text told and says it back, so that a misunderstanding is seen at once."""
    for question, answer in found.items():
        state = _recorded(state, question, answer)
    state, replies = _ask_on(state, today)
    said = tuple(understood(state.answers, *found))
    return state, [Reply("utter_eligibility_understood", parts={"facts": said}), *replies] if said else replies


def _confirmed(state: State, yes: bool, today: date) -> Turn:
    proposed = state.proposed
    state = replace(state, open="", proposed={})
    if yes:
        for question, answer in proposed.items():
            state = _recorded(state, question, answer)
        return _ask_on(state, today)
    if Field.RELATION in state.answers:
        return _ask_on(state, today)
    return replace(state, open=Field.RELATION), [Reply(variant(Field.RELATION, state.answers))]


def _recorded(state: State, question: str, answer: str) -> State:
    """The state with one more answer, without those it overtakes."""
    answers = dict(state.answers)
    if question == Field.RELATION and answers.get(question, answer) != answer:
        answers = {q: a for q, a in answers.items() if q in ABOUT_PRINCIPAL}
    if question == Field.REL_AGE_FILING:
        _drop_contradicted(answers, Field.REL_AGE_NOW, answer, later=True)
    if question == Field.REL_AGE_NOW:
        _drop_contradicted(answers, Field.REL_AGE_FILING, answer, later=False)
        answers.pop(Field.REL_21_BEFORE, None)
    answers[question] = answer
    return replace(state, answers=answers, open="", proposed={})


def _drop_contradicted(answers: dict[str, str], other: str, answer: str, *, later: bool) -> None:
    """Nobody grows younger: an exact age that the newest answer makes impossible is forgotten."""
    held = answers.get(other, "")
    if held.isdigit() and answer.isdigit() and (int(held) < int(answer) if later else int(held) > int(answer)):
        del answers[other]


def _without(state: State, questions: tuple[str, ...]) -> State:
    kept = {q: a for q, a in state.answers.items() if q not in questions}
    return replace(state, answers=kept, open="", proposed={})


def _for_another(state: State) -> State:
    return State({q: a for q, a in state.answers.items() if q in ABOUT_PRINCIPAL})


def _one_at_a_time(state: State, relations: tuple[str, ...]) -> Turn:
    named = tuple(Option(f"utter_fact_relation_{name}", payload(Field.RELATION, name)) for name in relations)
    options = (*named, Option("utter_choice_other", payload(CONFIRM, "no")))  # "my daughter there, my grandchildren": maybe neither
    return replace(state, open=Field.RELATION, proposed={}), [Reply("utter_eligibility_one_at_a_time", options=options)]


def _confirmation(state: State) -> Reply:
    phrase = Phrase(f"utter_fact_relation_{state.proposed[Field.RELATION]}")
    return Reply("utter_ask_eligibility_relation_confirm", parts={"relation": (phrase,)})


def _offer_change(state: State) -> Turn:
    return replace(state, open=CHANGE, proposed={}), [_what_to_change(state)]


def _what_to_change(state: State) -> Reply:
    answered = [name for name, questions in GROUPS.items() if any(q in state.answers for q in questions)]
    options = tuple(Option(f"utter_choice_change_{name}", payload(CHANGE, name)) for name in answered)
    return Reply("utter_eligibility_change", options=options)


def _ask_on(state: State, today: date) -> Turn:
    """Asks what the rules still need, or says what they say."""
    told: list[Reply] = []
    if state.answers.get(Field.DANGER) == "yes" and not state.danger_told:
        told = [Reply("utter_eligibility_danger_noted")]
        state = replace(state, danger_told=True)
    result = evaluate(case_of(state.answers), today)
    question = _missing(result, state.answers)
    if question is None:
        return replace(state, open="", proposed={}), [*told, *_outcome(state, result)]
    return replace(state, open=question, proposed={}), [*told, Reply(variant(question, state.answers))]


def _missing(result: Result, answers: Mapping[str, str]) -> str | None:
    if result.main.field is not None:
        return result.main.field
    if Note.T6_CHECK in result.notes and Field.LINK not in answers:
        return Field.LINK
    if result.main.kind in _LIKELY and Field.LOCATION not in answers:
        return Field.LOCATION
    return None


def _outcome(state: State, result: Result) -> list[Reply]:
    """The outcome, at most two notes, the next step, and what was understood with the choices that follow."""
    names = [response_of(result.main)]
    handed_over = state.danger_told or result.main.kind in {Kind.LAWYER, Kind.LAWYER_URGENT}
    notes = [note for note in SAID if note in result.notes and not (note is Note.LAWYER and handed_over)]
    names += dict.fromkeys(note_response_of(note) for note in notes[:_MOST_NOTES])
    if result.main.kind in _LIKELY:
        places = {Location.IN_US.value: "in_us", Location.ABROAD.value: "abroad"}
        names.append(f"utter_eligibility_next_{places.get(state.answers.get(Field.LOCATION, DONT_KNOW), 'anywhere')}")
    facts = tuple(understood(state.answers))
    last = Reply("utter_eligibility_summary", parts={"facts": facts}) if facts else Reply("utter_eligibility_after")
    return [*map(Reply, names), last]
