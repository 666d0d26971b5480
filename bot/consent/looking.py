"""Whose parts of a case somebody may see at this moment: the policy is asked about each, and each answer is audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from bot.consent import audit
from bot.consent.awaiting import PROVED
from bot.consent.desk import Desk
from bot.consent.policy import Allow, Fact, decide
from bot.consent.roles import Standing, Subject, Whose
from bot.consent.world import CARRIES
from bot.gateway.turn import Turn

WANTS = {"case_status": Fact.STATUS, "appointments": Fact.APPOINTMENTS, "itinerary": Fact.ITINERARY}
#: Only whoever a part is about, or speaks for them, hears who looked at it and decides who may.
OURS = ("looked", "releases")


@dataclass(frozen=True)
class Seen:
    """What the policy allowed; `detail` is the same for all, for it follows from the channel."""

    standing: Standing
    subjects: tuple[Subject, ...] = ()
    detail: Literal["full", "news_only"] = "full"


def allowed(desk: Desk, turn: Turn, kind: str, person_id: str | None) -> Seen:
    """The parts that may be shown, none for a refusal. `person_id` is None for somebody unproved."""
    standing = desk.roles.current(person_id)
    contact, talk, channel = turn.claim.contact["id"], turn.claim.conversation["id"], turn.inbound.channel
    others = channel in CARRIES and kind not in OURS
    until, found = turn.proved_until, Seen(standing)
    for subject in standing.subjects:
        if subject.whose is Whose.RELATIVE and not others:
            continue
        wants = WANTS.get(kind, Fact.STATUS)
        facts = desk.world.facts(contact, talk, person_id or "", standing.case_id, subject.person_id, wants, channel, turn.now)
        facts = replace(
            facts,
            proved_at=until - PROVED if until and person_id else None,
            proved_person_same=person_id is not None and turn.proved_person_id == person_id,
        )
        decision = decide(facts)
        outcome = decision.detail if isinstance(decision, Allow) else decision.reason.value
        _note(turn, kind, outcome, subject, standing)
        if isinstance(decision, Allow) and person_id is not None:
            found = Seen(standing, (*found.subjects, subject), decision.detail)
    return found


def guard_of(kind: str, person_id: str, standing: Standing, subjects: Iterable[Subject]) -> str:
    """The mark of an answer with these parts; bot/consent/guard.py asks about each again at sending."""
    return ":".join((kind, person_id, standing.case_id, *(each.person_id for each in subjects)))


def _note(turn: Turn, kind: str, outcome: str, subject: Subject, standing: Standing) -> None:
    actor = audit.FAMILY if subject.whose is Whose.RELATIVE else "bot"
    about, case = subject.person_id or None, standing.case_id or None
    turn.writes.append(lambda connection: audit.record(connection, turn.now, actor, f"show-{kind}", outcome, about, case))
