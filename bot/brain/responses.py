"""Words an answer inside Rasa, in the language of the person who wrote.

Rasa asks for a response by name; the text, the choices and the translation come from bot.i18n. The locale is the one the
gateway sent with the message, or the one that a change of language has just set in the same turn. Nothing is worded
here, and a name nobody has written is an error, never silence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.lists import format_list
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.i18n.answers import Answers
from bot.i18n.languages import CODES, DEFAULT
from bot.programme import Programme

ROOT = Path(__file__).resolve().parent.parent.parent
#: What a response's metadata may tell the gateway to do.
SIGNALS = ("ticket", "opt_out", "locale", "awaiting")
#: What Rasa and rasa-sdk pass beside the values for placeholders.
_NOT_VALUES = frozenset(
    {"domain_responses", "text", "buttons", "elements", "custom", "image", "attachment", "template", "response"}
)


class CatalogueResponses(NaturalLanguageGenerator):
    """Rasa's text generator over our catalogues."""

    def __init__(
        self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None, answers: Answers | None = None
    ) -> None:
        programme = os.environ.get("HEARTH_PROGRAMME")
        self._answers = answers or Answers.load(ROOT, Programme.load(Path(programme)) if programme else None)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any]:
        """The worded response as Rasa wants it: text, buttons, custom. Raises KeyError for an unknown name."""
        values = {
            name: str(value) for name, value in kwargs.items() if name not in _NOT_VALUES and isinstance(value, (str, int, float))
        }
        message = self._worded(utter_action, locale_of(tracker), country_of(tracker), values)
        custom = kwargs.get("custom")
        if custom:
            # Rasa lays the action's own dictionary over ours afterwards; what it lacks is put into it.
            for name, value in message["custom"].items():
                custom.setdefault(name, value)
        return message

    def word(self, composed: Mapping[str, Any], locale: str, country: str | None) -> dict[str, Any]:
        """A composed message: `response`, `values`, `parts` (phrases joined as a list) and `choices`.

        A choice is `{"title_response": name, "payload": ...}`, or has a ready `title` (a language's own name); given
        choices take the place of the response's own.
        """
        values = {name: str(value) for name, value in (composed.get("values") or {}).items()}
        for name, phrases in (composed.get("parts") or {}).items():
            worded = [
                self._answers.render(phrase["response"], locale, country, **(phrase.get("values") or {})).text for phrase in phrases
            ]
            values[name] = format_list(worded, locale=locale)
        message = self._worded(composed["response"], locale, country, values)
        choices = composed.get("choices") or ()
        if choices:
            message["buttons"] = [{"title": self._title(choice, locale), "payload": choice["payload"]} for choice in choices]
        return message

    def _title(self, choice: Mapping[str, str], locale: str) -> str:
        return self._answers.render(choice["title_response"], locale).text if "title_response" in choice else choice["title"]

    def _worded(self, name: str, locale: str, country: str | None, values: Mapping[str, str]) -> dict[str, Any]:
        answer = self._answers.render(name, locale, country, **values)
        buttons = [{"title": choice.title, "payload": choice.payload} for choice in answer.choices]
        signals = {signal: answer.metadata[signal] for signal in SIGNALS if signal in answer.metadata}
        return {"text": answer.text, "buttons": buttons, "custom": signals}


def locale_of(tracker: DialogueStateTracker) -> str:
    """The language of this turn: set by this turn's own change of language, else sent with the message, else English."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        changed = changed_locale(event) if isinstance(event, BotUttered) else None
        if changed:
            return changed
    return locale_in(_message_metadata(tracker))


def changed_locale(event: BotUttered) -> str | None:
    """The language that this message asks the gateway to change to, if it is one of ours."""
    locale = (event.data.get("custom") or {}).get("locale")
    return locale if locale in CODES else None


def locale_in(metadata: Mapping[str, Any]) -> str:
    """The language the gateway sent, English for none or an unknown one."""
    locale = metadata.get("locale")
    return locale if locale in CODES else DEFAULT


def country_of(tracker: DialogueStateTracker) -> str | None:
    """The country the gateway sent, for numbers that differ by country."""
    country = _message_metadata(tracker).get("country")
    return str(country) if country else None


def _message_metadata(tracker: DialogueStateTracker) -> Mapping[str, Any]:
    message = tracker.latest_message
    return (message.metadata if message else None) or {}
