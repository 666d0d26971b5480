"""The decision table of facts 3.3: rows in order, the first that speaks wins, each with its authority.

Row 1 (words of immediate danger) is not here: it is met before any conversation, by the crisis stage. Rows 18 to 20 add
notes to what the table found, in `evaluate.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.eligibility.case import (
    CHILDREN,
    PARENTS,
    SIBLINGS,
    THROUGH_A_RELATIVE,
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
from bot.eligibility.child import child
from bot.eligibility.facts import Facts
from bot.eligibility.outcome import (
    Kind,
    Note,
    Reason,
    Result,
    TClass,
    lawyer,
    lawyer_urgent,
    likely,
    not_t,
)
from bot.eligibility.through_relative import by_danger, or_through, through_relative


@dataclass(frozen=True)
class Rule:
    """One row: `test` answers, or None to let the next row speak."""

    row: str
    name: str
    citation: str
    test: Callable[[Facts], Result | None]


def _was_trafficker(facts: Facts) -> Result | None:
    return lawyer(Reason.WAS_TRAFFICKER) if Flag.WAS_TRAFFICKER in facts.case.flags else None


def _application_ended(facts: Facts) -> Result | None:
    ended = facts.case.i914_status in {Filing.DENIED, Filing.REVOKED, Filing.WITHDRAWN}
    return lawyer(Reason.APPLICATION_ENDED) if ended else None


def _principal_is(*states: PrincipalNow, then: Result) -> Callable[[Facts], Result | None]:
    return lambda facts: then if facts.case.principal_now in states else None


def _status_ending(facts: Facts) -> Result | None:
    case = facts.case
    if case.principal_now is not PrincipalNow.T1_EXPIRING_6MO or case.location is Location.IN_US:
        return None
    if case.i914a_status is None:
        return facts.need(Field.I914A_STATUS, lawyer_urgent(Reason.STATUS_ENDING))
    return lawyer_urgent(Reason.STATUS_ENDING) if case.i914a_status is Filing.APPROVED else None


def _green_card_pending(facts: Facts) -> Result | None:
    if facts.case.principal_now is not PrincipalNow.I485_PENDING or facts.case.location is Location.IN_US:
        return None
    soon = lawyer_urgent(Reason.GREEN_CARD_SOON)
    return soon if facts.case.location is Location.ABROAD else facts.need(Field.LOCATION, soon)


def _relation_known(facts: Facts) -> Result | None:
    return facts.need(Field.RELATION) if facts.case.rel is None else None


def _near_a_birthday(facts: Facts) -> Result | None:
    """Not filed yet, and a birthday that would close the way is at most twelve months off."""
    case = facts.case
    if case.i914_status is not Filing.NOT_FILED:
        return None
    single = case.rel_marital is not Marital.MARRIED
    young_sibling = case.rel in SIBLINGS and single and facts.rel.now.under(18) is True
    near = (
        (case.rel in CHILDREN and single and facts.rel.now.year_before(21) and _child_by_kinship(facts))
        or (young_sibling and facts.rel.now.year_before(18))
        or ((case.rel in PARENTS or young_sibling) and facts.principal.now.year_before(21))
    )
    return lawyer_urgent(Reason.NEAR_BIRTHDAY) if near else None


def _child_by_kinship(facts: Facts) -> bool:
    """A stepchild who surely was 18 or more at the marriage gains nothing by haste."""
    return facts.case.rel is not Relation.STEPCHILD or facts.rel_age_at_marriage.under(18) is not False


def _spouse(facts: Facts) -> Result | None:
    if facts.case.rel is not Relation.SPOUSE:
        return None
    match facts.case.rel_marital:
        case None:
            return facts.need(Field.MARITAL)
        case Marital.NEVER:
            return not_t(Reason.NOT_MARRIED, Note.LAWYER)
        case Marital.DIVORCED | Marital.ANNULLED:
            return not_t(Reason.DIVORCED)
        case Marital.WIDOWED:
            return lawyer(Reason.DECEASED)
        case Marital.MARRIED:
            return facts.need_status() or _married(facts)


def _married(facts: Facts) -> Result:
    if facts.status is Filing.APPROVED:
        if facts.marriage_when is None:
            return facts.need(Field.MARRIAGE_WHEN)
        if facts.marriage_when is MarriageWhen.AFTER_APPROVAL:
            return not_t(Reason.AFTER_APPROVAL, Note.LAWYER)
    return likely(TClass.T2)


def _partner(facts: Facts) -> Result | None:
    return not_t(Reason.NOT_MARRIED, Note.LAWYER) if facts.case.rel is Relation.PARTNER else None


def _child(facts: Facts) -> Result | None:
    return child(facts) if facts.case.rel in CHILDREN else None


def _parent(facts: Facts) -> Result | None:
    if facts.case.rel not in PARENTS:
        return None
    found = facts.need_status() or _through_young_principal(facts, TClass.T4)
    return _with_link_rules(found) if facts.case.rel is not Relation.PARENT else found


def _sibling(facts: Facts) -> Result | None:
    case = facts.case
    if case.rel not in SIBLINGS:
        return None
    if case.rel_marital is Marital.MARRIED:
        return or_through(facts, Link.T4, Reason.SIBLING_MARRIED)
    if missing := facts.need_status():
        return missing
    under = facts.rel_locked.under(18)
    if under is None:
        return facts.need(Field.REL_AGE_FILING if facts.filed else Field.REL_AGE_NOW)
    if not under:
        if case.link_relative_class is Link.NONE:
            return not_t(Reason.LINK_FIRST, Note.LAWYER)
        return or_through(facts, Link.T4, Reason.SIBLING_18)
    if case.rel_marital is None:
        return facts.need(Field.MARITAL)
    found = _through_young_principal(facts, TClass.T5)
    if case.rel_marital is not Marital.NEVER:
        found = _noted(found, Note.WAS_MARRIED)
    return _with_link_rules(found) if case.rel is not Relation.SIBLING else found


def _through_young_principal(facts: Facts, tclass: TClass) -> Result:
    """T-4 and T-5: free of the danger test while the survivor was under 21 at filing (INA 214(o)(5))."""
    under = facts.principal_locked.under(21)
    if under is None:
        return facts.need(Field.PRINCIPAL_AGE_FILING if facts.filed else Field.PRINCIPAL_AGE_NOW)
    if not under:
        return by_danger(facts, tclass)
    if not facts.filed:
        return likely(tclass, Note.AGE_LOCK)
    if facts.status is not Filing.APPROVED:
        return likely(tclass)
    ages, hole = facts.principal, lawyer_urgent(Reason.PRINCIPAL_TURNED_21)
    if ages.at_decision.under(21) is False:
        return likely(tclass)
    now = ages.now.under(21)
    if now is None:
        return facts.need(Field.PRINCIPAL_AGE_NOW, hole)
    if now:
        return likely(tclass, Note.URGENT_BIRTHDAY) if ages.now.year_before(21) else likely(tclass)
    if ages.at_decision.under(21) is None:
        return facts.need(Field.PRINCIPAL_21_BEFORE, hole)
    return hole


def _with_link_rules(found: Result) -> Result:
    return _noted(found, Note.LINK_RULES)


def _noted(found: Result, note: Note) -> Result:
    if found.main.kind not in {Kind.LIKELY, Kind.LIKELY_IF_DANGER}:
        return found
    return Result(found.main, (*found.notes, note))


def _only_through_a_relative(facts: Facts) -> Result | None:
    rel = facts.case.rel
    if rel not in THROUGH_A_RELATIVE:
        return None
    return through_relative(facts, Link(THROUGH_A_RELATIVE[rel]))


def _other(facts: Facts) -> Result | None:
    return not_t(Reason.OTHER_RELATIVE, Note.LAWYER)


RULES: tuple[Rule, ...] = (
    Rule("2", "took part in trafficking", "INA 214(o)(1); 8 CFR 214.202(e)", _was_trafficker),
    Rule("3", "application ended", "8 CFR 214.211(i), 214.213(d)", _application_ended),
    Rule(
        "4",
        "survivor died",
        "8 CFR 214.211(b)(1)(iii); INA 204(l)",
        _principal_is(PrincipalNow.DECEASED, then=lawyer(Reason.DECEASED)),
    ),
    Rule(
        "5",
        "survivor no longer in T-1 status",
        "22 CFR 41.84(b); 8 CFR 214.211(b)(1)(ii)",
        _principal_is(PrincipalNow.LPR, PrincipalNow.USC, then=lawyer(Reason.GREEN_CARD)),
    ),
    Rule(
        "6",
        "status ended",
        "8 CFR 214.212(c)",
        _principal_is(PrincipalNow.T1_EXPIRED, then=lawyer_urgent(Reason.STATUS_ENDED)),
    ),
    Rule("7", "status ending while a relative waits", "8 CFR 214.212(f)(2)", _status_ending),
    Rule("8", "green card asked for", "INA 214(o)(7)(C); 8 CFR 214.212(h)", _green_card_pending),
    Rule(
        "9",
        "continued presence only",
        "8 U.S.C. 1229b(b)(6)",
        _principal_is(PrincipalNow.CONTINUED_PRESENCE_ONLY, then=lawyer(Reason.CONTINUED_PRESENCE)),
    ),
    Rule("9a", "relation", "8 CFR 214.201 (eligible family member)", _relation_known),
    Rule("10", "birthday near, not filed", "INA 214(o)(4)-(5); 8 CFR 214.211(e)(2)-(3)", _near_a_birthday),
    Rule("11", "spouse", "INA 101(a)(15)(T)(ii); 8 CFR 214.211(d), (e)(4)", _spouse),
    Rule("12", "partner", "8 CFR 214.201, by absence", _partner),
    Rule("13", "child", "INA 101(a)(15)(T)(ii), 101(b)(1); 8 CFR 214.211(e)(1), (3), (4)", _child),
    Rule("14", "parent", "INA 101(a)(15)(T)(ii)(I), (III); 8 CFR 214.211(a)(2)-(3), (e)(2)", _parent),
    Rule("15", "brother or sister", "INA 101(a)(15)(T)(ii)(I), (III); 8 CFR 214.211(e)(2), (4)", _sibling),
    Rule("16", "child of a relative", "INA 101(a)(15)(T)(ii)(III); 8 CFR 214.211(a)(3)", _only_through_a_relative),
    Rule("17", "other relative", "8 CFR 214.201, by absence", _other),
)
