"""The twenty test vectors of the fact sheet (3.5), on a fixed day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from bot.eligibility.case import Case, Danger, Filing, Link, Location, Marital, PrincipalNow, Relation
from bot.eligibility.evaluate import evaluate
from bot.eligibility.outcome import Kind, Note, Reason, TClass

TODAY = date(2026, 11, 21)
FILED, DECIDED = date(2023, 6, 1), date(2025, 6, 1)
P30 = date(1993, 1, 1)  # 30 at filing
P25 = date(1998, 1, 1)
PENDING = {"i914_filed_on": FILED, "i914_status": Filing.PENDING}
APPROVED = {
    "i914_filed_on": FILED,
    "i914_status": Filing.APPROVED,
    "i914_decided_on": DECIDED,
    "principal_now": PrincipalNow.T1_VALID,
}


@dataclass(frozen=True)
class Vector:
    number: int
    case: Case
    kind: Kind
    tclass: TClass | None = None
    reason: Reason | None = None
    lawyer: bool = False
    t6_check: bool = False


def case(**known: object) -> Case:
    return Case(**known)  # type: ignore[arg-type]


VECTORS = [
    Vector(
        1,
        case(
            principal_dob=P30,
            rel=Relation.SPOUSE,
            rel_marital=Marital.MARRIED,
            marriage_date=date(2015, 5, 5),
            **APPROVED,
        ),
        Kind.LIKELY,
        TClass.T2,
    ),
    Vector(
        2,
        case(
            principal_dob=P30,
            rel=Relation.SPOUSE,
            rel_marital=Marital.MARRIED,
            marriage_date=date(2024, 5, 5),
            **APPROVED,
        ),
        Kind.LIKELY,
        TClass.T2,
    ),
    Vector(
        3,
        case(
            principal_dob=P30,
            rel=Relation.SPOUSE,
            rel_marital=Marital.MARRIED,
            marriage_date=date(2025, 9, 1),
            **APPROVED,
        ),
        Kind.NOT_T,
        reason=Reason.AFTER_APPROVAL,
        lawyer=True,
    ),
    Vector(
        4,
        case(
            principal_dob=P30,
            rel=Relation.BIOLOGICAL_CHILD,
            rel_dob=date(2002, 7, 1),
            rel_marital=Marital.NEVER,
            **APPROVED,
        ),
        Kind.LIKELY,
        TClass.T3,
    ),
    Vector(
        5,
        case(
            principal_dob=P30,
            rel=Relation.BIOLOGICAL_CHILD,
            rel_dob=date(2004, 7, 1),
            rel_marital=Marital.NEVER,
            location=Location.ABROAD,
            **APPROVED,
        ),
        Kind.LAWYER_URGENT,
        reason=Reason.CHILD_TURNED_21,
        lawyer=True,
    ),
    Vector(
        6,
        case(
            principal_dob=P30,
            rel=Relation.BIOLOGICAL_CHILD,
            rel_dob=date(2007, 3, 1),
            rel_marital=Marital.MARRIED,
            **PENDING,
        ),
        Kind.NOT_T,
        reason=Reason.CHILD_MARRIED,
        lawyer=True,
        t6_check=True,
    ),
    Vector(
        7,
        case(
            principal_dob=date(2004, 1, 1),
            rel=Relation.PARENT,
            i914_filed_on=date(2023, 6, 1),
            i914_status=Filing.APPROVED,
            i914_decided_on=date(2025, 7, 1),
            principal_now=PrincipalNow.T1_VALID,
        ),
        Kind.LIKELY,
        TClass.T4,
    ),
    Vector(
        8,
        case(
            principal_dob=date(2005, 9, 1),
            rel=Relation.PARENT,
            i914_filed_on=date(2025, 10, 1),
            i914_status=Filing.APPROVED,
            i914_decided_on=date(2026, 6, 1),
            i914a_status=Filing.NOT_FILED,
            principal_now=PrincipalNow.T1_VALID,
        ),
        Kind.LAWYER_URGENT,
        reason=Reason.PRINCIPAL_TURNED_21,
        lawyer=True,
    ),
    Vector(
        9,
        case(
            principal_dob=date(2004, 1, 1),
            rel=Relation.SIBLING,
            rel_dob=date(2006, 1, 1),
            rel_marital=Marital.NEVER,
            **PENDING,
        ),
        Kind.LIKELY,
        TClass.T5,
    ),
    Vector(
        10,
        case(
            principal_dob=date(2004, 1, 1),
            rel=Relation.SIBLING,
            rel_dob=date(2006, 1, 1),
            rel_marital=Marital.MARRIED,
            **PENDING,
        ),
        Kind.NOT_T,
        reason=Reason.SIBLING_MARRIED,
        lawyer=True,
        t6_check=True,
    ),
    Vector(
        11,
        case(principal_dob=P25, rel=Relation.PARENT, danger=Danger.NO, **PENDING),
        Kind.NOT_T,
        reason=Reason.NO_DANGER,
    ),
    Vector(
        12,
        case(principal_dob=P25, rel=Relation.PARENT, danger=Danger.YES, **PENDING),
        Kind.LIKELY,
        TClass.T4,
        lawyer=True,
    ),
    Vector(
        13,
        case(
            principal_dob=P25,
            rel=Relation.SIBLING,
            rel_dob=date(1998, 1, 1),
            link_relative_class=Link.T4,
            danger=Danger.YES,
            **APPROVED,
        ),
        Kind.LIKELY,
        TClass.T6,
        lawyer=True,
    ),
    Vector(
        14,
        case(
            principal_dob=P25,
            rel=Relation.SIBLING,
            rel_dob=date(1998, 1, 1),
            link_relative_class=Link.NONE,
            danger=Danger.YES,
            **APPROVED,
        ),
        Kind.NOT_T,
        reason=Reason.LINK_FIRST,
        lawyer=True,
    ),
    Vector(
        15,
        case(
            principal_dob=date(1983, 1, 1),
            rel=Relation.GRANDCHILD,
            rel_dob=date(2020, 1, 1),
            link_relative_class=Link.T3,
            danger=Danger.YES,
            **APPROVED,
        ),
        Kind.LIKELY,
        TClass.T6,
        lawyer=True,
    ),
    Vector(
        16,
        case(
            rel=Relation.BIOLOGICAL_CHILD,
            rel_dob=date(2012, 1, 1),
            rel_marital=Marital.NEVER,
            i914a_status=Filing.APPROVED,
            location=Location.ABROAD,
            i914_status=Filing.APPROVED,
            principal_now=PrincipalNow.LPR,
        ),
        Kind.LAWYER,
        reason=Reason.GREEN_CARD,
        lawyer=True,
    ),
    Vector(
        17,
        case(
            rel=Relation.BIOLOGICAL_CHILD,
            rel_dob=date(2012, 1, 1),
            rel_marital=Marital.NEVER,
            i914a_status=Filing.APPROVED,
            location=Location.ABROAD,
            i914_status=Filing.APPROVED,
            principal_now=PrincipalNow.T1_EXPIRING_6MO,
        ),
        Kind.LAWYER_URGENT,
        reason=Reason.STATUS_ENDING,
        lawyer=True,
    ),
    Vector(
        18,
        case(
            principal_dob=P30,
            rel=Relation.STEPCHILD,
            rel_dob=date(2007, 2, 1),
            rel_marital=Marital.NEVER,
            marriage_date=date(2024, 5, 5),
            **PENDING,
        ),
        Kind.LIKELY,
        TClass.T3,
    ),
    Vector(
        19,
        case(
            principal_dob=P30,
            rel=Relation.STEPCHILD,
            rel_dob=date(2005, 2, 1),
            rel_marital=Marital.NEVER,
            marriage_date=date(2024, 5, 5),
            **PENDING,
        ),
        Kind.NOT_T,
        reason=Reason.STEP_MARRIAGE_AGE,
        lawyer=True,
        t6_check=True,
    ),
    Vector(
        20,
        case(principal_dob=P30, rel=Relation.NIECE_NEPHEW, link_relative_class=Link.NONE, **PENDING),
        Kind.NOT_T,
        reason=Reason.LINK_FIRST,
        lawyer=True,
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: str(v.number))
def test_a_vector_of_the_fact_sheet_comes_out_as_written(vector: Vector) -> None:
    result = evaluate(vector.case, TODAY)
    assert (result.main.kind, result.main.tclass, result.main.reason) == (vector.kind, vector.tclass, vector.reason)
    assert result.lawyer is vector.lawyer
    assert (Note.T6_CHECK in result.notes) is vector.t6_check
    assert result.citation


def test_a_stepchild_too_old_at_the_marriage_may_come_through_the_spouse_if_in_danger() -> None:
    through = case(**{**vars(VECTORS[18].case), "link_relative_class": Link.T2, "danger": Danger.YES})
    assert evaluate(through, TODAY).main.tclass is TClass.T6


def test_all_twenty_are_here() -> None:
    assert [vector.number for vector in VECTORS] == list(range(1, 21))
