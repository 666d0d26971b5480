"""When a case fact may be shown: a pure function from what is known to Allow or Deny (section 6 of the design).

Every condition must hold. The reason of a refusal is for the audit log only; the person reads the same words for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bot.channels.base import ChannelName

PROOF_LIFE = timedelta(minutes=10)
PURPOSE = "case_status"


class Kind(StrEnum):
    """What a private answer is about; `private: KIND` in domain.yml."""

    CASE_STATUS = "case_status"
    APPOINTMENTS = "appointments"
    ITINERARY = "itinerary"
    LINK = "link"
    WITHDRAW = "withdraw"
    LOOKED = "looked"
    KEPT = "kept"
    ERASE = "erase"
    ERASE_BACK = "erase_back"
    REMINDERS = "reminders"


class Fact(StrEnum):
    """What somebody wants to see."""

    STATUS = "status"
    APPOINTMENTS = "appointments"
    ITINERARY = "itinerary"


class Role(StrEnum):
    """What somebody is in a case."""

    PRINCIPAL = "principal"
    DERIVATIVE = "derivative"
    GUARDIAN = "guardian"


#: What a role sees of others once they released it: a survivor a relative's steps and journey. A relative sees nothing of
#: anybody else, released or not. Of themselves everybody sees everything, and so does whoever speaks for a child of the child.
OF_OTHERS: dict[Role, frozenset[Fact]] = {
    Role.PRINCIPAL: frozenset({Fact.STATUS, Fact.ITINERARY}),
    Role.DERIVATIVE: frozenset(),
    Role.GUARDIAN: frozenset(),
}


class Reason(StrEnum):
    """Why not; goes to the audit log and nowhere else."""

    ROLLED_BACK = "rolled_back"
    NOT_LINKED = "not_linked"
    LINK_REVOKED = "link_revoked"
    ERASED = "erased"
    LOCKED = "locked"
    NOT_IN_CASE = "not_in_case"
    ROLE_ENDED = "role_ended"
    OTHER_NOT_IN_CASE = "other_not_in_case"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_RELEASED = "not_released"
    NO_CONSENT = "no_consent"
    OTHER_PURPOSE = "other_purpose"
    OTHER_CHANNEL = "other_channel"
    UNKNOWN_TEXT = "unknown_text"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    GIVEN_BY_ANOTHER = "given_by_another"
    NO_ASSENT = "no_assent"
    NOT_PROVED = "not_proved"
    PROOF_OF_ANOTHER = "proof_of_another"
    PROOF_TOO_OLD = "proof_too_old"
    CLOSED = "closed"
    ON_HOLD = "on_hold"


@dataclass(frozen=True)
class ConsentFacts:
    """The consent that bears on the question. `given_by_guardian`: by whoever is the guardian of record today."""

    purpose: str
    channel: str
    text_version_known: bool
    expires_at: datetime
    withdrawn_at: datetime | None
    given_by_self: bool
    given_by_guardian: bool
    child_assented: bool | None


@dataclass(frozen=True)
class Facts:
    """All that is known when somebody asks. The one who asks is the linked person; `about_id` is whose facts they want.
    `guards`: for whom they speak here. `minor`: the person whose consent it takes is a child. `channel_may_carry`: more than that there is news."""

    now: datetime
    wants: Fact
    channel: ChannelName
    linked: bool
    link_revoked: bool
    in_case: bool
    role_ended: bool
    role: Role | None
    guards: str | None
    about_id: str
    about_self: bool
    about_in_case: bool
    released: bool
    minor: bool
    consent: ConsentFacts | None
    proved_at: datetime | None
    proved_person_same: bool
    channel_may_carry: bool
    on_hold: bool
    closed: bool
    erased: bool
    locked: bool
    rolled_back: bool


@dataclass(frozen=True)
class Allow:
    """It may be shown: the facts, or only that there is news. `about_id` is the one person whose facts are meant."""

    detail: Literal["full", "news_only"]
    about_id: str


@dataclass(frozen=True)
class Deny:
    """It may not."""

    reason: Reason


def decide(facts: Facts) -> Allow | Deny:
    """Allow only when every condition holds; else Deny with the first that does not."""
    for reason in _objections(facts):
        return Deny(reason)
    return Allow("full" if facts.channel_may_carry else "news_only", facts.about_id)


def _objections(facts: Facts) -> Iterator[Reason]:
    if facts.rolled_back:
        yield Reason.ROLLED_BACK
    if not facts.linked:
        yield Reason.NOT_LINKED
    if facts.link_revoked:
        yield Reason.LINK_REVOKED
    if facts.erased:
        yield Reason.ERASED
    if facts.locked:
        yield Reason.LOCKED
    if not facts.in_case or facts.role is None:
        yield Reason.NOT_IN_CASE
    if facts.role_ended:
        yield Reason.ROLE_ENDED
    if not facts.about_self:
        yield from _about_another(facts)
    yield from _consent(facts)
    yield from _proof(facts)
    if facts.closed:
        yield Reason.CLOSED
    if facts.on_hold:
        yield Reason.ON_HOLD


def _about_another(facts: Facts) -> Iterator[Reason]:
    if not facts.about_in_case:
        yield Reason.OTHER_NOT_IN_CASE
    # Whoever speaks for a child does so only while it is one; that stands in for the release.
    if facts.guards == facts.about_id and facts.minor:
        return
    if facts.role is None or facts.wants not in OF_OTHERS[facts.role]:
        yield Reason.OUT_OF_SCOPE
    if not facts.released:
        yield Reason.NOT_RELEASED


def _consent(facts: Facts) -> Iterator[Reason]:
    consent = facts.consent
    if consent is None:
        yield Reason.NO_CONSENT
        return
    if consent.purpose != PURPOSE:
        yield Reason.OTHER_PURPOSE
    if consent.channel != facts.channel:
        yield Reason.OTHER_CHANNEL
    if not consent.text_version_known:
        yield Reason.UNKNOWN_TEXT
    if facts.now >= consent.expires_at:
        yield Reason.EXPIRED
    if consent.withdrawn_at is not None:
        yield Reason.WITHDRAWN
    if not (consent.given_by_guardian if facts.minor else consent.given_by_self):
        yield Reason.GIVEN_BY_ANOTHER
    if facts.minor and not consent.child_assented:
        yield Reason.NO_ASSENT


def _proof(facts: Facts) -> Iterator[Reason]:
    if facts.proved_at is None:
        yield Reason.NOT_PROVED
        return
    if not facts.proved_person_same:
        yield Reason.PROOF_OF_ANOTHER
    # A proof from the future is one from before the clock was put back: nobody knows how old it is.
    if not timedelta(0) <= facts.now - facts.proved_at < PROOF_LIFE:
        yield Reason.PROOF_TOO_OLD
