"""T-6: the child of a relative who already holds T-2 to T-5, where the family is in present danger.

INA 101(a)(15)(T)(ii)(III); 8 CFR 214.211(a)(3); facts 2.4. Any age and marital status, but the linking relative first.
"""

from __future__ import annotations

from bot.eligibility.case import Danger, Field, Link
from bot.eligibility.facts import Facts
from bot.eligibility.outcome import Note, Reason, Result, TClass, lawyer, likely, likely_if_danger, not_t


def through_relative(facts: Facts, wanted: Link) -> Result:
    """For relatives whom only T-6 can cover; `wanted` is what the linking relative must hold."""
    link = facts.case.link_relative_class
    if link is None:
        return facts.need(Field.LINK)
    if link is Link.NONE:
        return not_t(Reason.LINK_FIRST, Note.LAWYER)
    if link is not wanted:
        return lawyer(Reason.LINK_UNCLEAR)
    return facts.need_status() or by_danger(facts, TClass.T6)


def or_through(facts: Facts, wanted: Link, reason: Reason) -> Result:
    """For relatives whom their own class does not cover (`reason`): T-6 where a link is known, else a check of it."""
    link = facts.case.link_relative_class
    if link is None:
        return not_t(reason, Note.T6_CHECK, Note.LAWYER)
    if link is wanted:
        return facts.need_status() or by_danger(facts, TClass.T6)
    return not_t(reason, Note.LAWYER)


def by_danger(facts: Facts, tclass: TClass) -> Result:
    """The danger route: it always needs evidence, so it always needs a lawyer too (8 CFR 214.211(f))."""
    match facts.danger:
        case Danger.YES:
            return likely(tclass, Note.LAWYER, through_danger=True)
        case Danger.UNSURE:
            return likely_if_danger(tclass, Note.LAWYER)
        case Danger.NO:
            return not_t(Reason.NO_DANGER)
        case _:
            return facts.need(Field.DANGER)
