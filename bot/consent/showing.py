"""Words for case facts, given only after bot/consent/policy.py allowed it; everything else is the caller's one refusal.

The same queries run whether something may be shown or not, so that a refusal takes as long for everybody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from babel.dates import format_date, format_time
from sqlalchemy import select

from bot.cases.facts import Appointment, Flight
from bot.consent import audit
from bot.consent.awaiting import PROVED
from bot.consent.desk import Desk
from bot.consent.policy import Allow, Fact, decide
from bot.consent.roles import Standing
from bot.gateway.turn import Turn
from bot.store.db import reading
from bot.store.tables import audit as audit_table

WANTS = {"case_status": Fact.STATUS, "appointments": Fact.APPOINTMENTS, "itinerary": Fact.ITINERARY}
NOTHING = {
    "case_status": "utter_case_no_news",
    "appointments": "utter_appointments_none",
    "itinerary": "utter_itinerary_none",
    "looked": "utter_looked_none",
}
#: Who looked is told for the newest lines only: a chat is no ledger.
LOOKED = 5


class Showing:
    """Adds the answer to the turn, marked so that consent is asked again when it is sent, and one line to the audit."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._answers = desk, desk.answers

    def none(self, turn: Turn, kind: str) -> None:
        """What somebody reads when there is nothing: also what a second PIN shows."""
        turn.say(self._answers, NOTHING[kind])

    def show(self, turn: Turn, kind: str, person_id: str | None) -> bool:
        """True when it was shown; False when the caller must refuse. `person_id` is None for somebody unproved."""
        standing = self._desk.roles.current(person_id)
        wants = WANTS.get(kind, Fact.STATUS)
        contact, talk, channel = turn.claim.contact["id"], turn.claim.conversation["id"], turn.inbound.channel
        facts = self._desk.world.facts(contact, talk, person_id or "", standing.case_id, standing.subject, wants, channel, turn.now)
        until = turn.proved_until
        facts = replace(
            facts,
            proved_at=until - PROVED if until and person_id else None,
            proved_person_same=person_id is not None and turn.proved_person_id == person_id,
        )
        decision = decide(facts)
        allowed = isinstance(decision, Allow)
        outcome = decision.detail if isinstance(decision, Allow) else decision.reason.value
        turn.writes.append(
            lambda connection: audit.record(
                connection, turn.now, "bot", f"show-{kind}", outcome, standing.subject or None, standing.case_id or None
            )
        )
        if not isinstance(decision, Allow) or person_id is None:
            return False
        turn.guard = f"{kind}:{person_id}:{standing.case_id}"
        if kind == "looked":
            self._looked(turn, standing.subject)
        elif decision.detail == "news_only":
            self._news(turn, standing)
        elif kind == "case_status":
            self._status(turn, standing)
        elif kind == "appointments":
            self._appointments(turn, self._desk.cases.appointments(standing.subject, turn.now, standing.case_id))
        else:
            self._itinerary(turn, self._desk.cases.itinerary(standing.subject, turn.now, standing.case_id))
        return allowed

    def _status(self, turn: Turn, standing: Standing) -> None:
        status = self._desk.cases.status(standing.case_id, standing.subject)
        if status is None or status.milestone is None or status.since is None:
            self.none(turn, "case_status")
            return
        turn.say(self._answers, f"utter_milestone_{status.milestone}", date=date_words(status.since, turn.locale))

    def _news(self, turn: Turn, standing: Standing) -> None:
        """On SMS only whether something changed since the person last looked here."""
        query = (
            select(audit_table.c.at)
            .where(
                audit_table.c.person_id == standing.subject,
                audit_table.c.action.in_([f"show-{kind}" for kind in WANTS]),
                audit_table.c.outcome.in_(audit.SEEN),
            )
            .order_by(audit_table.c.number.desc())
            .limit(1)
        )
        with reading(self._desk.engine).connect() as connection:
            seen = connection.scalar(query)
        status = self._desk.cases.status(standing.case_id, standing.subject)
        news = status is not None and status.milestone is not None and (seen is None or status.updated_at > seen)
        turn.say(self._answers, "utter_case_news_sms" if news else "utter_case_no_news")

    def _appointments(self, turn: Turn, appointments: list[Appointment]) -> None:
        if not appointments:
            self.none(turn, "appointments")
            return
        for each in appointments:
            name = "utter_appointment_item" if each.place else "utter_appointment_item_no_place"
            kind = self._answers.render(f"utter_appointment_kind_{each.kind}", turn.locale).text
            turn.say(self._answers, name, kind=kind, when=time_words(each.at, turn.locale), place=each.place)
        turn.say(self._answers, "utter_appointments_after")

    def _itinerary(self, turn: Turn, flights: list[Flight]) -> None:
        if not flights:
            self.none(turn, "itinerary")
            return
        for each in flights:
            turn.say(
                self._answers,
                "utter_flight_item",
                number=each.number,
                from_place=each.from_place,
                departs=time_words(each.departs, turn.locale),
                to_place=each.to_place,
                arrives=time_words(each.arrives, turn.locale),
            )
        turn.say(self._answers, "utter_itinerary_after")

    def _looked(self, turn: Turn, person_id: str) -> None:
        lines = audit.looked(self._desk.engine, person_id, LOOKED)
        if not lines:
            self.none(turn, "looked")
            return
        turn.say(self._answers, "utter_looked_lead")
        for line in lines:
            known = line.actor if line.actor in ("bot", "system") else "staff"
            who = self._answers.render(f"utter_looked_{known}", turn.locale).text
            turn.say(self._answers, "utter_looked_item", when=time_words(line.at, turn.locale), who=who)


def date_words(day: date, locale: str) -> str:
    """A day as people of this language write it."""
    return format_date(day, "long", locale=locale)


def time_words(at: datetime, locale: str) -> str:
    """Day and time on the clock of the place, in full words."""
    return f"{format_date(at, 'full', locale=locale)}, {format_time(at, 'short', tzinfo=at.tzinfo, locale=locale)}"
