"""What a conversation wants to say: names of responses of domain.yml, never words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def payload(question: str, answer: str) -> str:
    """What a choice sends back when it is taken."""
    return "/inform" + json.dumps({"question": question, "answer": answer})


@dataclass(frozen=True)
class Phrase:
    """A few words inside a reply: a response of its own, so that they are translated like any other."""

    response: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """A computed choice: `title` names the response whose text is the title."""

    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    """One message. Choices are those of the response itself unless `options` are given.

    `parts` fills placeholders with phrases, worded and joined as a list in the reader's language.
    """

    response: str
    values: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    options: tuple[Option, ...] = ()

    @property
    def plain(self) -> bool:
        """Nothing but a response and values: any responses class can word it."""
        return not self.parts and not self.options

    def as_json(self) -> dict[str, Any]:
        """The shape the Rasa channel words itself."""
        return {
            "response": self.response,
            "values": dict(self.values),
            "parts": {
                name: [{"response": phrase.response, "values": dict(phrase.values)} for phrase in phrases]
                for name, phrases in self.parts.items()
            },
            "choices": [{"title_response": option.title, "payload": option.payload} for option in self.options],
        }
