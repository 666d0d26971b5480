"""What a private talk waits for, and what a typed text may be: a code, a PIN, or neither."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from bot.consent import codes, pins
from bot.gateway.turn import Turn
from bot.handoff.tickets import TicketRequest

#: How long a code or PIN is awaited, and how long a proof by PIN holds (section 6 of the design, condition 5).
AWAITED, PROVED = timedelta(minutes=15), timedelta(minutes=10)
#: Stands in a talk's row in place of a person while somebody who used the second PIN looks on.
DURESS = "duress"
_LIKE_A_CODE = re.compile(r"(?=.*\d)[^\W_]{3,6}[\s-]?[^\W_]{3,6}")


def awaiting(turn: Turn, what: str, **more: Any) -> dict[str, Any]:
    """The state of a talk that waits for `what` from now on."""
    return {"await": what, "at": turn.now.isoformat(), **more}


def state(turn: Turn) -> dict[str, Any]:
    """What is awaited; empty for nothing, or once it has waited too long."""
    kept = turn.secret or {}
    at = str(kept.get("at", ""))
    return kept if at and at > (turn.now - AWAITED).isoformat() else {}


def proved(turn: Turn) -> str | None:
    """Who proved themselves in this talk a short while ago; DURESS for a second PIN."""
    alive = turn.proved_until is not None and turn.now < turn.proved_until <= turn.now + PROVED
    return turn.proved_person_id if alive else None


def unprove(turn: Turn) -> None:
    """Ends a proof and whatever was awaited."""
    turn.secret = turn.proved_person_id = turn.proved_until = None


def remove_typed(turn: Turn) -> None:
    """The message just typed held a secret: it is deleted on the phone where the channel can, and not kept here."""
    turn.forget_text = True
    if message := turn.inbound.extra.get("message_id"):
        turn.removals.append(message)


def asked_for(checked: pins.Checked) -> list[TicketRequest]:
    """Whom a PIN calls: a person at once for a second PIN, and somebody when it has locked."""
    asked = [TicketRequest("duress", "urgent")] if checked.duress else []
    return [*asked, TicketRequest("locked", "high")] if checked.locked_now else asked


def digits(text: str) -> str | None:
    """A text of four to eight digits of any script and nothing else; None for anything else."""
    found = pins.digits(text)
    return found if found and pins.SHORTEST <= len(found) <= pins.LONGEST else None


def is_year(pin: str) -> bool:
    """A year of somebody's life: asked how old a child is, people also write "2009". Never a PIN, then."""
    return len(pin) == 4 and pin[:2] in ("19", "20")


def is_code(text: str, expected: bool) -> bool:
    """True for a code; where one is awaited also for what was meant as one."""
    return codes.normal(text) is not None or bool(expected and _LIKE_A_CODE.fullmatch(text.strip(" .")))
