"""Rows of the table that the twenty vectors do not reach, and bands instead of dates."""

from __future__ import annotations

from datetime import date

import pytest

from bot.eligibility.ages import AgeBand, Ages
from bot.eligibility.case import Case, Danger, Field, Filing, Link, Location, Marital, MarriageWhen, PrincipalNow, Relation
from bot.eligibility.evaluate import evaluate
from bot.eligibility.outcome import Kind, Note, Reason, TClass

TODAY = date(2026, 11, 21)
UNDER_20, TWENTY, OVER_20 = AgeBand(0, 19), AgeBand(20, 20), AgeBand(21, 130)
SINGLE = {"rel_marital": Marital.NEVER}
NOT_FILED = {"i914_status": Filing.NOT_FILED}
PENDING = {"i914_status": Filing.PENDING}
APPROVED = {"i914_status": Filing.APPROVED, "principal_now": PrincipalNow.T1_VALID}
CHILD = {"rel": Relation.BIOLOGICAL_CHILD}
SIBLING = {"rel": Relation.SIBLING}
PARENT = {"rel": Relation.PARENT}


def now(band: AgeBand) -> Ages:
    return Ages(now=band)


def then(band: AgeBand, at_decision: AgeBand | None = None, today: AgeBand | None = None) -> Ages:
    return Ages(band, at_decision or AgeBand(), today or AgeBand())


ROWS = {
    "denied": ({**CHILD, "i914_status": Filing.DENIED}, Reason.APPLICATION_ENDED),
    "survivor died": ({**CHILD, "principal_now": PrincipalNow.DECEASED}, Reason.DECEASED),
    "status expired": ({**CHILD, "principal_now": PrincipalNow.T1_EXPIRED}, Reason.STATUS_ENDED),
    "green card pending, abroad": (
        {**CHILD, "principal_now": PrincipalNow.I485_PENDING, "location": Location.ABROAD},
        Reason.GREEN_CARD_SOON,
    ),
    "continued presence": ({**CHILD, "principal_now": PrincipalNow.CONTINUED_PRESENCE_ONLY}, Reason.CONTINUED_PRESENCE),
    "not filed, child 20": ({**CHILD, **NOT_FILED, "rel_ages": now(TWENTY)}, Reason.NEAR_BIRTHDAY),
    "not filed, sibling 17": ({**SIBLING, **NOT_FILED, "rel_ages": now(AgeBand(17, 17))}, Reason.NEAR_BIRTHDAY),
    "not filed, survivor 20, mother": ({**PARENT, **NOT_FILED, "principal_ages": now(TWENTY)}, Reason.NEAR_BIRTHDAY),
    "child 21 at filing": ({**CHILD, **PENDING, "rel_ages": then(OVER_20)}, Reason.CHILD_21),
    "child under 21 at filing, turned 21 after approval": (
        {**CHILD, **APPROVED, **SINGLE, "rel_ages": then(UNDER_20, AgeBand(0, 20), OVER_20)},
        Reason.CHILD_TURNED_21,
    ),
    "step marriage after approval": (
        {"rel": Relation.STEPCHILD, **APPROVED, "marriage_when": MarriageWhen.AFTER_APPROVAL},
        Reason.STEP_AFTER_APPROVAL,
    ),
    "divorced": ({"rel": Relation.SPOUSE, "rel_marital": Marital.DIVORCED}, Reason.DIVORCED),
    "fiance": ({"rel": Relation.PARTNER}, Reason.NOT_MARRIED),
    "cousin": ({"rel": Relation.OTHER}, Reason.OTHER_RELATIVE),
    "wrong link": ({"rel": Relation.GRANDCHILD, "link_relative_class": Link.T5}, Reason.LINK_UNCLEAR),
    "adult brother, nothing else known": ({**SIBLING, **PENDING, "rel_ages": then(AgeBand(18, 130))}, Reason.SIBLING_18),
    "adopted, custody unknown": (
        {
            "rel": Relation.ADOPTED_CHILD,
            **PENDING,
            "rel_dob": date(2010, 1, 1),
            "adoption_date": date(2015, 1, 1),
        },
        Reason.ADOPTION,
    ),
    "status not known": ({**PARENT, "unsure": frozenset({Field.STATUS})}, Reason.STATUS_UNKNOWN),
}

URGENT = {
    Reason.STATUS_ENDED,
    Reason.GREEN_CARD_SOON,
    Reason.NEAR_BIRTHDAY,
    Reason.CHILD_TURNED_21,
    Reason.PRINCIPAL_TURNED_21,
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_gives_its_reason(row: str) -> None:
    known, reason = ROWS[row]
    main = evaluate(Case(**known), TODAY).main  # type: ignore[arg-type]
    assert main.reason is reason
    assert (main.kind is Kind.LAWYER_URGENT) is (reason in URGENT)


LIKELY = {
    "child under 20, not filed": ({**CHILD, **NOT_FILED, **SINGLE, "rel_ages": now(UNDER_20)}, TClass.T3),
    "child 19 now, filed earlier": ({**CHILD, **APPROVED, **SINGLE, "rel_ages": now(AgeBand(19, 19))}, TClass.T3),
    "child turned 21 before approval": (
        {**CHILD, **APPROVED, **SINGLE, "rel_ages": then(TWENTY, OVER_20)},
        TClass.T3,
    ),
    "mother of one under 21": ({**PARENT, **PENDING, "principal_ages": then(UNDER_20)}, TClass.T4),
    "brother 16, survivor 25, danger": (
        {**SIBLING, **PENDING, **SINGLE, "rel_ages": then(AgeBand(0, 16)), "principal_ages": then(OVER_20)}
        | {"danger": Danger.YES},
        TClass.T5,
    ),
    "adopted at 5 and raised": (
        {
            "rel": Relation.ADOPTED_CHILD,
            **PENDING,
            **SINGLE,
            "i914_filed_on": date(2024, 1, 1),
            "rel_dob": date(2010, 1, 1),
            "adoption_date": date(2015, 1, 1),
            "adoptive_custody_two_years": True,
        },
        TClass.T3,
    ),
    "born after filing": (
        {**CHILD, **PENDING, **SINGLE, "i914_filed_on": date(2024, 1, 1), "rel_dob": date(2025, 1, 1)},
        TClass.T3,
    ),
}


@pytest.mark.parametrize("row", LIKELY)
def test_a_band_is_enough_where_the_rule_is_clear(row: str) -> None:
    known, tclass = LIKELY[row]
    result = evaluate(Case(**known), TODAY)  # type: ignore[arg-type]
    assert (result.main.kind, result.main.tclass) == (Kind.LIKELY, tclass)


def test_a_child_of_20_after_the_approval_is_covered_but_urgent() -> None:
    result = evaluate(Case(**CHILD, **APPROVED, **SINGLE, rel_ages=then(UNDER_20, None, TWENTY)), TODAY)  # type: ignore[arg-type]
    assert result.main.kind is Kind.LIKELY
    assert Note.URGENT_BIRTHDAY in result.notes
    assert result.urgent


def test_a_child_who_was_married_once_needs_a_lawyer_too() -> None:
    known = {**CHILD, **PENDING, "rel_ages": then(UNDER_20), "rel_marital": Marital.DIVORCED}
    assert Note.WAS_MARRIED in evaluate(Case(**known), TODAY).notes  # type: ignore[arg-type]


def test_a_brother_who_was_married_once_needs_a_lawyer_too() -> None:
    known = {**SIBLING, **PENDING, "rel_ages": then(AgeBand(0, 16)), "principal_ages": then(UNDER_20)}
    result = evaluate(Case(**known, rel_marital=Marital.WIDOWED), TODAY)  # type: ignore[arg-type]
    assert result.main.tclass is TClass.T5
    assert Note.WAS_MARRIED in result.notes


def test_a_stepmother_needs_a_lawyer_too_and_a_mother_does_not() -> None:
    known = {**PENDING, "principal_ages": then(UNDER_20)}
    assert evaluate(Case(rel=Relation.STEPPARENT, **known), TODAY).lawyer  # type: ignore[arg-type]
    assert not evaluate(Case(rel=Relation.PARENT, **known), TODAY).lawyer  # type: ignore[arg-type]


def test_a_half_brother_needs_a_lawyer_too() -> None:
    known = {**PENDING, **SINGLE, "rel_ages": then(AgeBand(0, 16)), "principal_ages": then(UNDER_20)}
    result = evaluate(Case(rel=Relation.HALF_SIBLING, **known), TODAY)  # type: ignore[arg-type]
    assert Note.LINK_RULES in result.notes


def test_whether_a_young_survivor_turned_21_after_the_approval_is_asked_step_by_step() -> None:
    def mother(at_decision: AgeBand | None = None, today: AgeBand | None = None) -> Case:
        return Case(**PARENT, **APPROVED, principal_ages=then(TWENTY, at_decision, today))  # type: ignore[arg-type]

    assert evaluate(mother(), TODAY).main.field is Field.PRINCIPAL_AGE_NOW
    assert evaluate(mother(today=TWENTY), TODAY).urgent
    assert evaluate(mother(today=OVER_20), TODAY).main.field is Field.PRINCIPAL_21_BEFORE
    assert evaluate(mother(OVER_20, OVER_20), TODAY).main.tclass is TClass.T4
    assert evaluate(mother(AgeBand(0, 20), OVER_20), TODAY).main.reason is Reason.PRINCIPAL_TURNED_21


def test_nothing_is_asked_about_a_cousin() -> None:
    assert evaluate(Case(rel=Relation.OTHER), TODAY).main.kind is Kind.NOT_T


def test_whether_a_grown_brother_is_married_is_not_asked() -> None:
    known = Case(rel=Relation.SIBLING, i914_status=Filing.PENDING, rel_ages=then(AgeBand(30, 30)))
    assert evaluate(known, TODAY).main.field is None


def test_ages_that_contradict_each_other_are_not_narrowed() -> None:
    assert Ages(AgeBand(30, 30), AgeBand(), AgeBand(10, 10)).narrowed().at_filing == AgeBand(30, 30)


def test_an_age_of_today_bounds_the_age_at_filing() -> None:
    assert Ages(now=AgeBand(17, 17)).narrowed().at_filing.under(18) is True


def test_a_band_that_is_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="not a band"):
        AgeBand(5, 4)
