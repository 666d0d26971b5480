"""Who else of the family may see somebody's step and journey: the principal, once whoever it is about lets them.

A grown relative decides about their own part, whoever speaks for a child about the child's. Nobody else does, staff neither.
"""

from __future__ import annotations

from sqlalchemy import Connection

from bot.consent.awaiting import proved
from bot.consent.desk import Desk
from bot.consent.ledger import released
from bot.consent.looking import allowed, guard_of
from bot.consent.roles import Standing, Subject, Whose
from bot.gateway.turn import Turn
from bot.store.db import reading

#: The buttons: whose part, and what becomes of it.
ANSWERS = {
    "release_own_on": (Whose.OWN, True),
    "release_own_off": (Whose.OWN, False),
    "release_ward_on": (Whose.WARD, True),
    "release_ward_off": (Whose.WARD, False),
}


class Releasing:
    """Each in one tap, and effective when the turn is committed, also for answers that wait to be sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._answers = desk, desk.answers

    def ask(self, turn: Turn, person_id: str | None) -> bool:
        """Says who may see what and asks whether that is right; False when the caller must refuse."""
        seen = allowed(self._desk, turn, "releases", person_id)
        if person_id is None or not seen.subjects:
            return False
        turn.guard = guard_of("releases", person_id, seen.standing, seen.subjects)
        before = len(turn.replies)
        for whose in (Whose.OWN, Whose.WARD):
            if subjects := self._theirs(seen.standing, seen.subjects, whose):
                stands = self._stands(seen.standing, subjects)
                turn.say(self._answers, f"utter_release_{'stands' if stands else 'ask'}_{whose.value}")
        if len(turn.replies) == before:
            turn.say(self._answers, "utter_release_none")
        return True

    def decide(self, turn: Turn, answer: str) -> bool:
        """Lets the principal see, or no longer. Taking back needs the PIN and nothing else, for it only protects."""
        whose, on = ANSWERS[answer]
        seen = allowed(self._desk, turn, "releases", proved(turn))
        case, to = seen.standing.case_id, seen.standing.principal
        subjects = self._theirs(seen.standing, seen.subjects if on else seen.standing.subjects, whose)
        if to is None or not subjects:
            return False
        change = self._desk.ledger.release if on else self._desk.ledger.withdraw_release

        def write(connection: Connection) -> None:
            for subject in subjects:
                change(connection, case, subject.person_id, to, turn.now)

        turn.writes.append(write)
        turn.say(self._answers, "utter_release_on" if on else "utter_release_off")
        return True

    @staticmethod
    def _theirs(standing: Standing, subjects: tuple[Subject, ...], whose: Whose) -> list[Subject]:
        """Those of `subjects` about whom somebody standing so may decide. A principal sees their own children anyway."""
        if standing.principal is None or standing.role == "principal":
            return []
        return [each for each in subjects if each.whose is whose and each.minor == (whose is Whose.WARD)]

    def _stands(self, standing: Standing, subjects: list[Subject]) -> bool:
        with reading(self._desk.engine).connect() as connection:
            to = standing.principal or ""
            return all(released(connection, standing.case_id, each.person_id, to) for each in subjects)
