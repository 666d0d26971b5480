"""What a person may take back or change at any time: consent, data, reminders."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from bot.consent.awaiting import proved, unprove
from bot.consent.desk import Desk
from bot.consent.ledger import TEXT_VERSION
from bot.consent.showing import date_words
from bot.gateway.turn import Turn
from bot.store.tables import link


class TakingBack:
    """Each in one or two steps, each effective when the turn is committed."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._answers = desk, desk.answers

    def withdraw(self, turn: Turn) -> None:
        """Everything this chat was allowed to show ends now, also what waits to be sent. Asks for no PIN: it only protects."""
        contact_id = turn.claim.contact["id"]

        def write(connection: Connection) -> None:
            mine = (link.c.contact_id == contact_id, link.c.revoked_at.is_(None))
            people = [row.person_id for row in connection.execute(select(link.c.person_id).where(*mine))]
            connection.execute(update(link).where(*mine).values(revoked_at=turn.now))
            for person in people:
                self._desk.ledger.withdraw(connection, person, turn.now)

        turn.writes.append(write)
        unprove(turn)
        turn.say(self._answers, "utter_withdrawn")

    def erase(self, turn: Turn, answer: str) -> None:
        """Asks for everything to be erased after a week, or takes that back."""
        if answer == "erase_kept":
            turn.say(self._answers, "utter_erase_kept")
            return
        talk = turn.claim.conversation["id"]
        if answer == "erase_back":
            turn.writes.append(lambda connection: self._desk.erasures.back(connection, talk, turn.now))
            turn.say(self._answers, "utter_erase_stopped")
            return
        asked = self._desk.erasures.ask(turn.claim.contact["id"], talk, turn.now)
        turn.say(self._answers, "utter_erase_asked", date=date_words(asked.due_at, turn.locale), receipt=asked.receipt)

    def reminders(self, turn: Turn, answer: str) -> None:
        """Reminders, on or off, for somebody who has just proved themselves: a consent of its own."""
        if answer == "reminders":
            turn.say(self._answers, "utter_reminders_ask")
            return
        person = proved(turn) or ""
        case = self._desk.roles.current(person).case_id
        channel = turn.inbound.channel.value

        def write(connection: Connection) -> None:
            self._desk.ledger.withdraw(connection, person, turn.now, "reminders")
            if answer == "reminders_off":
                return
            for subject in self._desk.roles.spoken_for(connection, case, person):
                assent = True if subject != person else None
                self._desk.ledger.give(connection, subject, person, "reminders", channel, TEXT_VERSION, assent, turn.now)

        turn.writes.append(write)
        turn.say(self._answers, f"utter_{answer}")
