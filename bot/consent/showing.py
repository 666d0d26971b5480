"""Words for case facts, given only after bot/consent/policy.py allowed it; everything else is the caller's one refusal.

The same queries run whether something may be shown or not, so that a refusal takes as long for everybody.
"""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_time
from sqlalchemy import select

from bot.cases.facts import Appointment, Flight
from bot.consent import audit
from bot.consent.desk import Desk
from bot.consent.looking import WANTS, Seen, allowed, guard_of
from bot.consent.roles import Standing, Subject, Whose
from bot.gateway.turn import Turn
from bot.i18n.answers import Answer
from bot.store.db import reading
from bot.store.tables import audit as audit_table

NOTHING = {
    "case_status": "utter_case_no_news",
    "appointments": "utter_appointments_none",
    "itinerary": "utter_itinerary_none",
    "looked": "utter_looked_none",
    "releases": "utter_release_none",
}
#: What is said once after everybody's part, and holds no fact.
AFTER = {
    "case_status": "utter_status_after",
    "appointments": "utter_appointments_after",
    "itinerary": "utter_itinerary_after",
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
        seen = allowed(self._desk, turn, kind, person_id)
        if person_id is None or not seen.subjects:
            return False
        turn.guard = guard_of(kind, person_id, seen.standing, seen.subjects)
        if seen.detail == "news_only" and kind != "looked":
            self._news(turn, seen)
            return True
        said = [(subject, self._part(turn, kind, seen.standing, subject)) for subject in seen.subjects]
        if not any(words for _, words in said):
            self.none(turn, kind)
            return True
        several = len(said) > 1
        for subject, words in said:
            if several or subject.whose is not Whose.OWN:
                turn.replies.append(self._heading(turn, subject, seen))
            for answer in words or [self._words(turn, NOTHING[kind])]:
                turn.replies.append(answer)
        if kind in AFTER:
            turn.say(self._answers, AFTER[kind])
        return True

    def _words(self, turn: Turn, name: str, **values: str) -> Answer:
        return self._answers.render(name, turn.locale, turn.country, **values)

    def _heading(self, turn: Turn, subject: Subject, seen: Seen) -> Answer:
        """Whose part it is, without a name: of several children each is told by the age, where it is known."""
        wards = [each for each in seen.standing.subjects if each.whose is Whose.WARD]
        if subject.whose is Whose.WARD and len(wards) > 1:
            age = self._desk.cases.age(subject.person_id, turn.now)
            if age is not None:
                return self._words(turn, "utter_part_ward_age", age=str(age))
        return self._words(turn, f"utter_part_{subject.whose.value}")

    def _part(self, turn: Turn, kind: str, standing: Standing, subject: Subject) -> list[Answer]:
        """The words of one person's part; none where there is nothing."""
        whose, case = subject.person_id, standing.case_id
        if kind == "looked":
            return self._looked(turn, whose)
        if kind == "case_status":
            return self._status(turn, case, whose)
        if kind == "appointments":
            return self._appointments(turn, self._desk.cases.appointments(whose, turn.now, case))
        return self._itinerary(turn, self._desk.cases.itinerary(whose, turn.now, case))

    def _status(self, turn: Turn, case_id: str, person_id: str) -> list[Answer]:
        status = self._desk.cases.status(case_id, person_id)
        if status is None or status.milestone is None or status.since is None:
            return []
        return [self._words(turn, f"utter_milestone_{status.milestone}", date=date_words(status.since, turn.locale))]

    def _news(self, turn: Turn, seen: Seen) -> None:
        """On SMS only whether something changed, for themselves or a child they speak for, since the person last looked here."""
        news = any(self._has_news(seen.standing.case_id, subject.person_id) for subject in seen.subjects)
        turn.say(self._answers, "utter_case_news_sms" if news else "utter_case_no_news")

    def _has_news(self, case_id: str, person_id: str) -> bool:
        query = (
            select(audit_table.c.at)
            .where(
                audit_table.c.person_id == person_id,
                audit_table.c.actor == "bot",
                audit_table.c.action.in_([f"show-{kind}" for kind in WANTS]),
                audit_table.c.outcome.in_(audit.SEEN),
            )
            .order_by(audit_table.c.number.desc())
            .limit(1)
        )
        with reading(self._desk.engine).connect() as connection:
            last = connection.scalar(query)
        status = self._desk.cases.status(case_id, person_id)
        return status is not None and status.milestone is not None and (last is None or status.updated_at > last)

    def _appointments(self, turn: Turn, appointments: list[Appointment]) -> list[Answer]:
        said = []
        for each in appointments:
            name = "utter_appointment_item" if each.place else "utter_appointment_item_no_place"
            kind = self._answers.render(f"utter_appointment_kind_{each.kind}", turn.locale).text
            said.append(self._words(turn, name, kind=kind, when=time_words(each.at, turn.locale), place=each.place))
        return said

    def _itinerary(self, turn: Turn, flights: list[Flight]) -> list[Answer]:
        return [
            self._words(
                turn,
                "utter_flight_item",
                number=each.number,
                from_place=each.from_place,
                departs=time_words(each.departs, turn.locale),
                to_place=each.to_place,
                arrives=time_words(each.arrives, turn.locale),
            )
            for each in flights
        ]

    def _looked(self, turn: Turn, person_id: str) -> list[Answer]:
        lines = audit.looked(self._desk.engine, person_id, LOOKED)
        said = [self._words(turn, "utter_looked_lead")] if lines else []
        for line in lines:
            known = line.actor if line.actor in ("bot", "system", audit.FAMILY) else "staff"
            who = self._answers.render(f"utter_looked_{known}", turn.locale).text
            said.append(self._words(turn, "utter_looked_item", when=time_words(line.at, turn.locale), who=who))
        return said


def date_words(day: date, locale: str) -> str:
    """A day as people of this language write it."""
    return format_date(day, "long", locale=locale)


def time_words(at: datetime, locale: str) -> str:
    """Day and time on the clock of the place, in full words."""
    return f"{format_date(at, 'full', locale=locale)}, {format_time(at, 'short', tzinfo=at.tzinfo, locale=locale)}"
