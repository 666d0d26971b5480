"""Where the eligibility conversation stands, and what it hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bot.eligibility.case import Field
from bot.flows.eligibility_answers import QUESTIONS, valid

#: The shape of a stored state; a change of shape needs a new number.
VERSION = 1
CONFIRM = "relation_confirm"
MENU = "eligibility_menu"
CHANGE = "eligibility_change"
#: Questions whose payloads belong to this conversation.
MINE = frozenset({*QUESTIONS, CONFIRM, MENU, CHANGE})


@dataclass(frozen=True)
class Heard:
    """One message of the person: a choice taken (`question`, `answer`), or what was found in free text."""

    intent: str = ""
    question: str | None = None
    answer: str | None = None
    relationships: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()
    marital: str | None = None
    restart: bool = False


@dataclass(frozen=True)
class State:
    """Answers so far; `open` is the question that waits ("" for none), `proposed` a relation not yet confirmed."""

    answers: Mapping[str, str] = field(default_factory=dict)
    open: str = ""
    proposed: Mapping[str, str] = field(default_factory=dict)
    danger_told: bool = False

    @property
    def running(self) -> bool:
        """A question waits for an answer."""
        return bool(self.open)

    def as_json(self) -> dict[str, Any]:
        """For a Rasa slot."""
        return {
            "version": VERSION,
            "answers": dict(self.answers),
            "open": self.open,
            "proposed": dict(self.proposed),
            "danger_told": self.danger_told,
        }

    @classmethod
    def from_json(cls, stored: object) -> Self:
        """The stored state, or a fresh one where it has another shape or holds what no question offers."""
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return cls()
        answers, proposed = _sound(stored.get("answers")), _sound(stored.get("proposed"))
        waiting = str(stored.get("open", ""))
        if answers is None or proposed is None or waiting not in {"", CONFIRM, CHANGE, *QUESTIONS}:
            return cls()
        if waiting == CONFIRM and Field.RELATION not in proposed:
            return cls()
        return cls(answers, waiting, proposed, bool(stored.get("danger_told")))


def _sound(answers: object) -> dict[str, str] | None:
    """Stored answers, or None where one of them answers no question."""
    if not isinstance(answers, dict):
        return None
    sound = all(isinstance(q, str) and isinstance(a, str) and valid(q, a) for q, a in answers.items())
    return dict(answers) if sound else None
