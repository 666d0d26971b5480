"""What is said between a person and us about their own case: asking, and the way to linking and to taking back.

Runs in the gateway, on texts that never reach Rasa or the action server. Everything somebody types here may be typed by
somebody else: every refusal is the same one message, whatever its reason (section 6 of the design).
"""

from __future__ import annotations

from functools import partial

from bot.consent import audit
from bot.consent.awaiting import DURESS, PROVED, asked_for, awaiting, digits, is_code, is_year, proved, remove_typed, state, unprove
from bot.consent.desk import Desk
from bot.consent.linking import Linking
from bot.consent.pins import Outcome
from bot.consent.releasing import ANSWERS as RELEASE_ANSWERS
from bot.consent.releasing import Releasing
from bot.consent.showing import Showing
from bot.consent.taking_back import TakingBack
from bot.gateway.turn import Turn

ASKING = ("case_status", "appointments", "itinerary", "looked")
#: What only somebody who has just sent their PIN may change.
PROVEN = ("duress", "reminders", "reminders_on", "reminders_off", "releases", *RELEASE_ANSWERS)


class PrivateTalk:
    """Answers everything about somebody's own case. Each method does its database work itself: call it in a thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._answers = desk, desk.answers
        self._linking, self._showing, self._taking_back = Linking(desk), Showing(desk), TakingBack(desk)
        self._releasing = Releasing(desk)

    def begin(self, turn: Turn, kind: str) -> None:
        """What a response marked `private: kind` stands for."""
        if kind == "link":
            turn.secret = awaiting(turn, "code")
            turn.say(self._answers, "utter_link_case")
        elif kind == "withdraw":
            self._taking_back.withdraw(turn)
        elif kind in ASKING:
            self._ask(turn, kind)
        else:
            raise ValueError(f"domain.yml asks for a private talk of an unknown kind: {kind}")

    def chosen(self, turn: Turn, answer: str) -> None:
        """A button of ours; an old one means what it always meant, and nothing it says is trusted."""
        if answer in PROVEN and proved(turn) in (None, DURESS):
            self._ask_pin(turn, "releases" if answer.startswith("release") else "case_status")
            return
        match answer:
            case "agree" | "agree_child" | "decline":
                self._linking.decide(turn, answer)
            case "duress":
                self._linking.second_pin(turn)
            case "reminders" | "reminders_on" | "reminders_off":
                self._taking_back.reminders(turn, answer)
            case "erase" | "erase_back" | "erase_kept":
                self._taking_back.erase(turn, answer)
            case "releases":
                self._show(turn, "releases", proved(turn))
            case "release_own_on" | "release_own_off" | "release_ward_on" | "release_ward_off":
                if not self._releasing.decide(turn, answer):
                    turn.say(self._answers, "utter_private_nothing")
            case "looked":
                self._ask(turn, "looked")
            case _:
                raise ValueError("a private button that nobody made")

    def typed(self, turn: Turn) -> bool:
        """Handles a text that is a code or a PIN; False when it is neither, and goes the ordinary way."""
        kept = state(turn)
        waits = kept.get("await", "")
        pin = digits(turn.text)
        if pin is not None and waits in ("new_pin", "pin_again", "duress_pin"):
            self._linking.choose_pin(turn, kept, pin)
        elif pin is not None and waits != "code" and (waits == "pin" or not is_year(pin)):
            self._prove(turn, pin, str(kept.get("for", "case_status")))
        elif is_code(turn.text, expected=waits == "code"):
            self._linking.redeem(turn)
        else:
            return False
        return True

    def _ask(self, turn: Turn, kind: str) -> None:
        who = proved(turn)
        if who is None:
            unprove(turn)
            self._ask_pin(turn, kind)
        elif who == DURESS:
            self._showing.none(turn, kind)
        else:
            self._show(turn, kind, who)

    def _ask_pin(self, turn: Turn, kind: str) -> None:
        turn.secret = awaiting(turn, "pin", **{"for": kind})
        turn.say(self._answers, "utter_pin_ask")

    def _prove(self, turn: Turn, pin: str, kind: str) -> None:
        """The same work and the same words for a wrong PIN, a locked one, and somebody who has none."""
        remove_typed(turn)
        unprove(turn)
        checked = self._desk.pins.check(turn.claim.contact["id"], pin, turn.now)
        turn.tickets += asked_for(checked)
        if checked.duress:
            turn.proved_person_id, turn.proved_until = DURESS, turn.now + PROVED
            self._record(turn, "pin", "duress", checked.person_id)
            self._showing.none(turn, kind)
            return
        right = checked.outcome is Outcome.RIGHT
        if right:
            turn.proved_person_id, turn.proved_until = checked.person_id, turn.now + PROVED
        self._record(turn, "pin", checked.outcome.value, checked.person_id)
        self._show(turn, kind, checked.person_id if right else None)

    def _show(self, turn: Turn, kind: str, person_id: str | None) -> None:
        shown = self._releasing.ask if kind == "releases" else partial(self._showing.show, kind=kind)
        if not shown(turn, person_id=person_id):
            turn.say(self._answers, "utter_private_nothing")

    def _record(self, turn: Turn, action: str, outcome: str, person_id: str | None) -> None:
        turn.writes.append(lambda connection: audit.record(connection, turn.now, "bot", action, outcome, person_id))
