"""Section 6 of the design, said a second time: a list of sentences, each of which must be true for a fact to be shown.

Written from the design and not from bot/consent/policy.py, whose answers are held against it. It knows no order and no reasons.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.consent.policy import Facts

TEN_MINUTES = 600


def _wants_own(f: Facts) -> bool:
    return f.about_self


def _speaks_for_the_child(f: Facts) -> bool:
    return f.minor and f.guards is not None and f.guards == f.about_id


def _seconds_since_proof(f: Facts) -> float:
    return -1.0 if f.proved_at is None else (f.now - f.proved_at).total_seconds()


def _right_one_agreed(f: Facts) -> bool:
    if f.consent is None:
        return False
    if f.minor:
        return f.consent.given_by_guardian and f.consent.child_assented is True
    return f.consent.given_by_self


SENTENCES: list[tuple[str, Callable[[Facts], bool]]] = [
    ("This phone was linked to the person by a code, and nobody took that back.", lambda f: f.linked and not f.link_revoked),
    ("The person belongs to the case today.", lambda f: f.in_case and not f.role_ended and f.role is not None),
    ("Whoever the fact is about belongs to the case too.", lambda f: _wants_own(f) or f.about_in_case),
    (
        "A relative sees their own part only, and that of a child they speak for.",
        lambda f: f.role != "derivative" or _wants_own(f) or _speaks_for_the_child(f),
    ),
    (
        "A survivor sees of a relative where they stand and how they travel, but not their appointments.",
        lambda f: f.role != "principal" or _wants_own(f) or _speaks_for_the_child(f) or f.wants in ("status", "itinerary"),
    ),
    (
        "A guardian sees their own part and that of the child they speak for.",
        lambda f: f.role != "guardian" or _wants_own(f) or _speaks_for_the_child(f),
    ),
    (
        "What is about another was released by them, unless a guardian speaks for them.",
        lambda f: _wants_own(f) or f.released or _speaks_for_the_child(f),
    ),
    (
        "There is a consent, and it is one to be told about the case.",
        lambda f: f.consent is not None and f.consent.purpose == "case_status",
    ),
    ("It was given for this very channel.", lambda f: f.consent is not None and f.consent.channel == f.channel.value),
    ("We still know the words it was given under.", lambda f: f.consent is not None and f.consent.text_version_known),
    ("It has not run out.", lambda f: f.consent is not None and f.consent.expires_at > f.now),
    ("It was not withdrawn.", lambda f: f.consent is not None and f.consent.withdrawn_at is None),
    ("A grown person agreed themselves; for a child the guardian did, and the child said yes too.", _right_one_agreed),
    ("The same person sent their PIN here.", lambda f: f.proved_at is not None and f.proved_person_same),
    ("That was less than ten minutes ago, and not in the future.", lambda f: 0 <= _seconds_since_proof(f) < TEN_MINUTES),
    ("They are not locked out after wrong PINs.", lambda f: not f.locked),
    ("The case is not on safety hold.", lambda f: not f.on_hold),
    ("The case goes on.", lambda f: not f.closed),
    ("Nobody it concerns was erased.", lambda f: not f.erased),
    ("The database is not one from yesterday.", lambda f: not f.rolled_back),
]


def broken(facts: Facts) -> list[str]:
    """The sentences that are not true; the fact may be shown when there are none."""
    return [sentence for sentence, holds in SENTENCES if not holds(facts)]


def most(facts: Facts) -> str:
    """How much may be shown, if anything may."""
    return {True: "full", False: "news_only"}[facts.channel_may_carry]
