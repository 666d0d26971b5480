"""Walks the table for one case on one day and adds the notes of rows 18 to 20."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from bot.eligibility.case import Case, Filing, Flag, Location
from bot.eligibility.facts import Facts
from bot.eligibility.outcome import Kind, Note, Result
from bot.eligibility.rules import RULES

#: Grounds of INA 212(a) for which a waiver (Form I-192) may be asked; 8 CFR 212.16.
_WAIVABLE = frozenset({Flag.CRIMINAL, Flag.PRIOR_REMOVAL, Flag.PRIOR_OVERSTAY, Flag.UNLAWFUL_PRESENCE, Flag.FALSE_CLAIM})


def evaluate(case: Case, today: date, restricted: frozenset[str] = frozenset()) -> Result:
    """The outcome for `case` on the day `today`; `restricted` are nationalities under an entry proclamation now.

    Says what the rule covers, never that a person will get anything.
    """
    facts = Facts(case, today)
    for rule in RULES:
        found = rule.test(facts)
        if found is not None:
            notes = dict.fromkeys((*found.notes, *_appended(facts, found, restricted)))
            return replace(found, notes=tuple(notes), rule=rule.row, citation=rule.citation)
    raise AssertionError("the last row of the table always speaks")


def _appended(facts: Facts, found: Result, restricted: frozenset[str]) -> Iterator[Note]:
    case, kind = facts.case, found.main.kind
    if kind is Kind.NEED_INFO:
        return
    if case.flags & _WAIVABLE:
        yield Note.WAIVER
    if Flag.TERRORISM_SECURITY in case.flags:
        yield Note.NO_WAIVER
    if case.nationalities & restricted:
        yield Note.NATIONALITY
    if Flag.CUSTODY_DISPUTE in case.flags:
        yield Note.CUSTODY
    if Flag.NO_PASSPORT in case.flags:
        yield Note.NO_PASSPORT
    if kind not in {Kind.LIKELY, Kind.LIKELY_IF_DANGER}:
        return
    if facts.status is Filing.APPROVED:
        yield Note.STATUS_TIME
    if case.location is Location.IN_US:
        yield Note.IN_US
    if case.location is Location.ABROAD:
        yield Note.ABROAD
