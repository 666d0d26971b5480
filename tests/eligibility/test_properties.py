"""What holds for every family, whatever is known about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.eligibility.ages import AgeBand, Ages, age_on
from bot.eligibility.case import (
    Case,
    Danger,
    Field,
    Filing,
    Flag,
    Link,
    Location,
    Marital,
    MarriageWhen,
    PrincipalNow,
    Relation,
)
from bot.eligibility.evaluate import evaluate
from bot.eligibility.outcome import Kind, Note, Outcome, Reason, TClass
from bot.eligibility.rules import RULES
from bot.eligibility.wording import NEVER_ASKED, SAID, note_response_of, response_of

TODAY = date(2026, 11, 21)
#: From worst to best for the family; both kinds of lawyer leave the question open.
RANK = {Kind.NOT_T: 0, Kind.LAWYER: 1, Kind.LAWYER_URGENT: 1, Kind.LIKELY_IF_DANGER: 2, Kind.LIKELY: 3}

days = st.none() | st.dates(date(1900, 1, 1), date(2100, 12, 31))
bands = st.tuples(st.integers(0, 130), st.integers(0, 130)).map(lambda pair: AgeBand(min(pair), max(pair)))
ages = st.builds(Ages, bands, bands, bands)


def some(values: object) -> st.SearchStrategy[object]:
    return st.none() | st.sampled_from(values)  # type: ignore[arg-type]


cases = st.builds(
    Case,
    principal_dob=days,
    i914_filed_on=days,
    i914_status=some(Filing),
    i914_decided_on=days,
    principal_now=some(PrincipalNow),
    i914a_status=some(Filing),
    rel=some(Relation),
    rel_dob=days,
    rel_marital=some(Marital),
    marriage_date=days,
    marriage_when=some(MarriageWhen),
    adoption_date=days,
    adoptive_custody_two_years=some((True, False)),
    rel_age_at_marriage=st.none() | bands,
    danger=some(Danger),
    link_relative_class=some(Link),
    location=some(Location),
    nationalities=st.sets(st.sampled_from(["AA", "BB"])).map(frozenset),
    flags=st.sets(st.sampled_from(Flag)).map(frozenset),
    principal_ages=ages,
    rel_ages=ages,
    unsure=st.sets(st.sampled_from(Field)).map(frozenset),
)


@given(cases)
def test_no_combination_of_known_and_unknown_crashes(case: Case) -> None:
    result = evaluate(case, TODAY, frozenset({"AA"}))
    assert result.rule
    assert result.citation
    assert response_of(result.main).startswith("utter_")


@given(cases)
def test_what_the_person_does_not_know_is_never_asked_twice(case: Case) -> None:
    assert evaluate(case, TODAY).main.field not in case.unsure


@given(cases)
def test_answering_what_is_asked_comes_to_an_end(case: Case) -> None:
    asked: set[Field] = set()
    for _ in Field:
        field = evaluate(case, TODAY).main.field
        if field is None:
            return
        assert field not in asked
        asked.add(field)
        case = replace(case, unsure=case.unsure | {field})
    raise AssertionError("still asking")


@given(cases)
def test_more_danger_never_makes_the_outcome_worse(case: Case) -> None:
    kinds = [evaluate(replace(case, danger=danger), TODAY).main.kind for danger in (Danger.NO, Danger.UNSURE, Danger.YES)]
    if Kind.NEED_INFO in kinds:
        assert set(kinds) == {Kind.NEED_INFO}
    else:
        ranks = [RANK[kind] for kind in kinds]
        assert ranks == sorted(ranks)


@given(cases)
def test_danger_is_asked_only_where_it_decides(case: Case) -> None:
    asked = replace(case, danger=None, unsure=case.unsure - {Field.DANGER})
    if evaluate(asked, TODAY).main.field is Field.DANGER:
        yes, no = (evaluate(replace(asked, danger=danger), TODAY).main.kind for danger in (Danger.YES, Danger.NO))
        assert (yes, no) == (Kind.LIKELY, Kind.NOT_T)


@given(st.dates(date(1900, 1, 1), date(2090, 1, 1)), st.integers(0, 100))
def test_a_birthday_adds_one_year(born: date, years: int) -> None:
    on_the_day = date(born.year + years, born.month, min(born.day, 28))
    assert age_on(born, on_the_day) in {years, years - 1, 0}
    assert age_on(born, date(born.year + years, 12, 31)) == years


def test_somebody_born_on_a_leap_day_turns_21_on_the_28th_of_february() -> None:
    assert age_on(date(2004, 2, 29), date(2025, 2, 27)) == 20
    assert age_on(date(2004, 2, 29), date(2025, 2, 28)) == 21


@pytest.mark.parametrize("flag", set(Flag) - {Flag.WAS_TRAFFICKER})
def test_a_difficult_circumstance_adds_a_lawyer_and_changes_nothing_else(flag: Flag) -> None:
    case = Case(rel=Relation.SPOUSE, rel_marital=Marital.MARRIED, i914_status=Filing.PENDING)
    plain, difficult = evaluate(case, TODAY), evaluate(replace(case, flags=frozenset({flag})), TODAY)
    assert difficult.main == plain.main
    assert difficult.lawyer
    assert not plain.lawyer


def test_a_nationality_under_a_proclamation_always_brings_a_lawyer() -> None:
    case = Case(rel=Relation.PARTNER, nationalities=frozenset({"AA"}))
    assert Note.NATIONALITY in evaluate(case, TODAY, frozenset({"AA"})).notes


def test_the_rows_stand_in_the_order_of_the_fact_sheet() -> None:
    rows = [int(rule.row.rstrip("a")) for rule in RULES]
    assert rows == sorted(rows)
    assert set(range(2, 18)) == set(rows)


def every_outcome() -> list[Outcome]:
    not_for_danger = {Reason(value) for value in list(Reason)[:12]}
    likely = [Outcome(Kind.LIKELY, tclass, through_danger=danger) for tclass in TClass for danger in (True, False)]
    likely = [o for o in likely if not (o.through_danger and o.tclass in {TClass.T2, TClass.T3})]
    if_danger = [Outcome(Kind.LIKELY_IF_DANGER, tclass) for tclass in (TClass.T4, TClass.T5, TClass.T6)]
    not_t = [Outcome(Kind.NOT_T, reason=reason) for reason in not_for_danger]
    lawyer = [Outcome(Kind.LAWYER, reason=reason) for reason in set(Reason) - not_for_danger]
    asked = [Outcome(Kind.NEED_INFO, field=field) for field in set(Field) - {Field.LINK}]
    return likely + if_danger + not_t + lawyer + asked


def test_every_outcome_and_note_has_words_that_promise_nothing() -> None:
    responses = yaml.safe_load((Path(__file__).parents[2] / "domain.yml").read_text("utf-8"))["responses"]
    names = [response_of(outcome) for outcome in every_outcome()] + [note_response_of(note) for note in SAID]
    for name in names:
        assert "eligible" not in responses[name][0]["text"].lower(), name
    tickets = {name: responses[name][0]["metadata"].get("ticket") for name in names}
    assert all(tickets[name] for name in names if "_lawyer" in name)
    assert all(tickets[name]["urgency"] == "high" for name in names if "_urgent_" in name)


@given(cases)
def test_a_field_that_has_no_question_is_never_reached_by_what_the_conversation_knows(case: Case) -> None:
    talked = replace(case, i914a_status=None, principal_dob=None, rel_dob=None, flags=frozenset())
    if talked.principal_now not in {None, PrincipalNow.T1_VALID, PrincipalNow.LPR} or talked.rel is Relation.ADOPTED_CHILD:
        return
    if talked.i914_status is Filing.APPROVED and talked.principal_now is None:
        return
    assert evaluate(talked, TODAY).main.field not in NEVER_ASKED


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": Kind.LIKELY},
        {"kind": Kind.NOT_T},
        {"kind": Kind.NEED_INFO},
        {"kind": Kind.LAWYER, "reason": Reason.UNKNOWN, "field": Field.LINK},
    ],
)
def test_an_outcome_that_means_nothing_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an outcome"):
        Outcome(**wrong)  # type: ignore[arg-type]
