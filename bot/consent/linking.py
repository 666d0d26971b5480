"""Linking a chat to a person: the code, the PIN typed twice, and the consent to what may be shown here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, update

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.consent.awaiting import PROVED, awaiting, is_year, proved, remove_typed, state
from bot.consent.desk import Desk
from bot.consent.ledger import TEXT_VERSION
from bot.gateway.turn import Turn
from bot.store.tables import link


class Linking:
    """The steps from a code to a consent. Writes are done in the turn's own transaction."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._answers = desk, desk.answers

    def redeem(self, turn: Turn) -> None:
        """A typed code: right, it leads to a PIN; else the same words whether it is unknown, used, expired or guessed."""
        contact_id = turn.claim.contact["id"]
        with self._desk.engine.begin() as connection:
            found = self._desk.codes.redeem(connection, turn.text, contact_id, turn.now)
            if found is None and turn.claim.attempts > 1:  # this very message used it up, and its turn was not finished
                found = self._desk.codes.redeemed(connection, turn.text, contact_id, turn.now)
        if found is None:
            turn.secret = awaiting(turn, "code")
            turn.say(self._answers, "utter_link_code_wrong")
            return
        turn.secret = awaiting(turn, "new_pin", person=found.person_id, case=found.case_id)
        turn.say(self._answers, "utter_link_pin_new")

    def choose_pin(self, turn: Turn, kept: dict[str, Any], pin: str) -> None:
        """A typed PIN while one is chosen: weak ones are refused, and it is typed twice."""
        remove_typed(turn)
        waits, person = kept["await"], kept["person"]
        if waits == "pin_again":
            if kept["first"] != self._desk.sealer.lookups(pin)[0]:
                turn.secret = {**kept, "await": "new_pin"}
                turn.say(self._answers, "utter_link_pin_differs")
                return
            self._link(turn, kept, pin)
            return
        if (
            self._desk.pins.acceptable(pin) is None
            or is_year(pin)
            or self._desk.pins.taken(person, pin, duress=waits == "duress_pin")
        ):
            turn.secret = kept
            turn.say(self._answers, "utter_link_pin_weak")
            return
        if waits == "new_pin":
            turn.secret = {**kept, "await": "pin_again", "first": self._desk.sealer.lookups(pin)[0]}
            turn.say(self._answers, "utter_link_pin_again")
            return
        turn.secret = None
        turn.writes.append(lambda connection: self._desk.pins.set(connection, person, pin, duress=True))
        turn.writes.append(lambda connection: audit.record(connection, turn.now, "bot", "pin:set_second", "done", person))
        turn.say(self._answers, "utter_duress_set")

    def _link(self, turn: Turn, kept: dict[str, Any], pin: str) -> None:
        person, case, contact_id = kept["person"], kept["case"], turn.claim.contact["id"]

        def write(connection: Connection) -> None:
            mine = (link.c.contact_id == contact_id, link.c.person_id == person, link.c.revoked_at.is_(None))
            connection.execute(update(link).where(*mine).values(revoked_at=turn.now))
            connection.execute(insert(link).values(contact_id=contact_id, person_id=person, created_at=turn.now))
            self._desk.pins.set(connection, person, pin, duress=False)
            audit.record(connection, turn.now, "bot", "pin:set", "linked", person, case)

        turn.writes.append(write)
        if turn.inbound.channel is not ChannelName.TELEGRAM:
            turn.say(self._answers, "utter_pin_erase_it")
        own = person in self._desk.roles.speaks_for(case, person)
        self._ask(turn, {"person": person, "case": case, "about": "own" if own else "wards"})

    def _ask(self, turn: Turn, kept: dict[str, Any]) -> None:
        """One question for somebody's own part, and one for the children they speak for."""
        turn.secret = {**kept, **awaiting(turn, "agree")}
        if kept["about"] == "own":
            turn.say(self._answers, "utter_consent_ask_sms" if turn.inbound.channel is ChannelName.SMS else "utter_consent_ask")
            return
        several = len(self._wards(kept)) > 1
        turn.say(self._answers, "utter_consent_ask_children" if several else "utter_consent_ask_guardian")

    def _wards(self, kept: dict[str, Any]) -> list[str]:
        return [each for each in self._desk.roles.speaks_for(kept["case"], kept["person"]) if each != kept["person"]]

    def decide(self, turn: Turn, answer: str) -> None:
        """Agree or not, once the words were read; a button tapped later finds nothing to agree to, one that answers another
        question hears this one again."""
        kept = state(turn)
        turn.secret = None
        if kept.get("await") != "agree":
            turn.say(self._answers, "utter_private_nothing")
            return
        own = kept["about"] == "own"
        if answer not in ("decline", "agree" if own else "agree_child"):
            self._ask(turn, kept)
            return
        person, wards = kept["person"], self._wards(kept)
        if answer == "decline":
            turn.writes.append(
                lambda connection: audit.record(connection, turn.now, "bot", "consent:give", "declined", person, kept["case"])
            )
        else:
            for subject in [person] if own else wards:
                self._give(turn, subject, person)
            kept["agreed"] = True
        if own and wards:
            self._ask(turn, {**kept, "about": "wards"})
        elif kept.get("agreed"):
            turn.proved_person_id, turn.proved_until = person, turn.now + PROVED
            turn.say(self._answers, "utter_linked")
        else:
            turn.say(self._answers, "utter_link_declined")

    def _give(self, turn: Turn, subject: str, by: str) -> None:
        channel, assent, give = turn.inbound.channel.value, True if subject != by else None, self._desk.ledger.give
        turn.writes.append(lambda connection: give(connection, subject, by, "case_status", channel, TEXT_VERSION, assent, turn.now))

    def second_pin(self, turn: Turn) -> None:
        """Explains the second PIN and waits for it; only for somebody who has just proved themselves."""
        turn.secret = awaiting(turn, "duress_pin", person=proved(turn))
        turn.say(self._answers, "utter_duress_explain")
