"""The child's age at each moment (facts 3.4; INA 214(o)(4), 8 CFR 214.211(e)).

The law protects a child who turns 21 while the I-914 is pending. It is silent about one who turns 21 after the approval
and before admission; that hole is never papered over here.
"""

from __future__ import annotations

from bot.eligibility.ages import age_on
from bot.eligibility.case import Field, Filing, Link, Marital, MarriageWhen, Relation
from bot.eligibility.facts import Facts
from bot.eligibility.outcome import Kind, Note, Reason, Result, TClass, lawyer, lawyer_urgent, likely, not_t
from bot.eligibility.through_relative import or_through


def child(facts: Facts) -> Result:
    """T-3 for a child of the survivor: age first, then marriage, then the way through the other parent."""
    case = facts.case
    if case.rel_marital is Marital.MARRIED:
        return or_through(facts, Link.T2, Reason.CHILD_MARRIED)
    found = facts.need_status() or _kinship(facts) or _age(facts)
    if found.main.kind is not Kind.LIKELY or found.main.tclass is not TClass.T3:
        return found
    if case.rel_marital is None:
        return facts.need(Field.MARITAL)
    if case.rel_marital is not Marital.NEVER:
        return likely(TClass.T3, *found.notes, Note.WAS_MARRIED)
    return found


def _kinship(facts: Facts) -> Result | None:
    """The extra conditions of INA 101(b)(1)(B) and (E); None where they are met or do not apply."""
    case = facts.case
    if case.rel is Relation.STEPCHILD:
        if facts.marriage_when is MarriageWhen.AFTER_APPROVAL:
            return not_t(Reason.STEP_AFTER_APPROVAL, Note.LAWYER)
        under = facts.rel_age_at_marriage.under(18)
        if under is None:
            return facts.need(Field.STEP_AGE)
        if not under:
            return or_through(facts, Link.T2, Reason.STEP_MARRIAGE_AGE)
        if facts.status is Filing.APPROVED and facts.marriage_when is None:
            return facts.need(Field.MARRIAGE_WHEN)
    if case.rel is Relation.ADOPTED_CHILD:
        if case.rel_dob is None or case.adoption_date is None:
            return facts.need(Field.ADOPTION, lawyer(Reason.ADOPTION))
        if age_on(case.rel_dob, case.adoption_date) >= 16 or not case.adoptive_custody_two_years:
            return lawyer(Reason.ADOPTION)
    return None


def _age(facts: Facts) -> Result:
    now = facts.rel.now
    if facts.became_child_after_filing:
        under = now.under(21)
        if under is None:
            return facts.need(Field.REL_AGE_NOW, lawyer_urgent(Reason.CHILD_TURNED_21))
        return likely(TClass.T3) if under else lawyer_urgent(Reason.CHILD_TURNED_21)
    locked = facts.rel_locked.under(21)
    if locked is None:
        return facts.need(Field.REL_AGE_FILING if facts.filed else Field.REL_AGE_NOW)
    if not locked:
        return or_through(facts, Link.T2, Reason.CHILD_21)
    if not facts.filed:
        # A birthday within twelve months was row 10 of the table.
        return likely(TClass.T3, Note.AGE_LOCK)
    if facts.status is Filing.PENDING:
        soon = now.under(20) is not True and now.under(21) is not False
        return likely(TClass.T3, Note.TELL_BIRTHDAY) if soon else likely(TClass.T3)
    return _after_approval(facts)


def _after_approval(facts: Facts) -> Result:
    """8 CFR 214.211(e)(3) and the hole of facts 0.6."""
    hole = lawyer_urgent(Reason.CHILD_TURNED_21)
    if facts.rel.at_decision.under(21) is False:
        return likely(TClass.T3)
    under = facts.rel.now.under(21)
    if under is None:
        return facts.need(Field.REL_AGE_NOW, hole)
    if under:
        return likely(TClass.T3, Note.URGENT_BIRTHDAY) if facts.rel.now.year_before(21) else likely(TClass.T3)
    if facts.rel.at_decision.under(21) is None:
        return facts.need(Field.REL_21_BEFORE, hole)
    return hole
