"""Asks for consent once more when an answer with case facts is about to leave: it may have been taken back meanwhile."""

from __future__ import annotations

from datetime import datetime

from bot.channels.base import ChannelName
from bot.consent.desk import Desk
from bot.consent.looking import WANTS
from bot.consent.policy import Allow, Fact, decide

REMINDER = "reminder"


class Guard:
    """Reads the guard of an outbox row and today's facts. Anything odd is a no.

    A guard is "reminder:person:case", or "kind:person:case:whose[:whose...]" for what `person` reads of each of these: one of
    them no longer allowed takes the whole answer back.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def allows(self, guard: str, contact_id: int, conversation_id: str, channel: ChannelName, now: datetime) -> bool:
        """True when this answer may still go out to this contact."""
        try:
            kind, person_id, case_id, *subjects = guard.split(":")
        except ValueError:
            return False
        if kind == REMINDER:
            return self._reminder(contact_id, conversation_id, person_id, case_id, channel, now)
        wants = WANTS.get(kind, Fact.STATUS)
        read = self._desk.world.facts
        decisions = (
            decide(read(contact_id, conversation_id, person_id, case_id, subject, wants, channel, now)) for subject in subjects
        )
        return bool(subjects) and all(isinstance(decision, Allow) for decision in decisions)

    def _reminder(
        self, contact_id: int, conversation_id: str, person_id: str, case_id: str, channel: ChannelName, now: datetime
    ) -> bool:
        """A reminder names nothing, so it needs no PIN: its own consent, and a case and a log in which all is as it should be."""
        facts = self._desk.world.facts(contact_id, conversation_id, person_id, case_id, person_id, Fact.STATUS, channel, now)
        stands = facts.in_case and not (facts.role_ended or facts.closed or facts.on_hold or facts.erased or facts.rolled_back)
        return stands and self._desk.ledger.live(person_id, "reminders", channel.value, now) is not None
