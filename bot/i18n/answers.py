"""Every sentence a person may read, worded in their language.

The English texts and their sources are the `responses` of domain.yml; translations are gettext catalogues read through
Babel, with the response's name as context. A missing or fuzzy translation is never guessed: the English text goes out
and `hearth locales check` fails. Runs in both environments (Python 3.10 on): Rasa words its answers here, and the
gateway the ones it gives without Rasa.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel.messages.pofile import read_po

from bot.i18n.hours import opening_hours
from bot.i18n.languages import CODES
from bot.programme import Programme

PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Choice:
    """Something a person can tap or answer by number; `payload` is what it means to us and never leaves the gateway."""

    title: str
    payload: str


@dataclass(frozen=True)
class Answer:
    """A worded response. `metadata` is the response's own from domain.yml: source, reviewed, ticket ..."""

    name: str
    text: str
    choices: tuple[Choice, ...]
    metadata: Mapping[str, Any]


def _catalogue(path: Path) -> dict[tuple[str, str], str]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {
        (message.context or "", str(message.id)): message.string
        for message in catalogue
        if message.id and isinstance(message.string, str) and message.string and not message.fuzzy
    }


class Answers:
    """All responses in all languages. Immutable after loading; safe to share between threads."""

    def __init__(self, responses: Mapping[str, Any], catalogues: Mapping[str, Mapping[tuple[str, str], str]], programme: Programme):
        self._responses = responses
        self._catalogues = catalogues
        self.programme = programme

    @classmethod
    def load(cls, root: Path, programme: Programme | None = None) -> Answers:
        """From domain.yml, programme.yml and locales/ under `root`."""
        domain = yaml.load((root / "domain.yml").read_text("utf-8"), yaml.CSafeLoader)
        catalogues = {code: _catalogue(root / "locales" / code / "LC_MESSAGES" / "hearth.po") for code in CODES if code != "en"}
        return cls(domain["responses"], catalogues, programme or Programme.load(root / "programme.yml"))

    def __contains__(self, name: str) -> bool:
        return name in self._responses

    def metadata(self, name: str) -> Mapping[str, Any]:
        """The metadata of a response, empty for an unknown one."""
        found = self._responses.get(name)
        return (found[0].get("metadata") or {}) if found else {}

    def translated(self, context: str, english: str, locale: str) -> str:
        """One text in `locale`, or the English one where no finished translation exists."""
        return self._catalogues.get(locale, {}).get((context, english), english)

    def render(self, name: str, locale: str, country: str | None = None, **values: str) -> Answer:
        """The response in `locale`, its placeholders filled; KeyError for an unknown name.

        While the programme is paused or limited, `<name>__paused` (or `__limited`) takes its place where one is
        written, and a short note comes before every other answer that promises something (`programme: true`).
        """
        status = self.programme.status
        variant = f"{name}__{status}"
        chosen = variant if variant in self._responses else name
        response = self._responses[chosen][0]
        metadata = response.get("metadata") or {}
        text = self.translated(chosen, response["text"], locale)
        note = f"utter_programme_note_{status}"
        if chosen == name and metadata.get("programme") and note in self._responses:
            text = self.translated(note, self._responses[note][0]["text"], locale) + "\n\n" + text
        known = {**self._standing(locale, country, metadata), **values}
        text = _filled(text, known)
        choices = tuple(
            Choice(self.translated(f"{chosen}:button", button["title"], locale), button["payload"])
            for button in response.get("buttons") or ()
        )
        return Answer(chosen, text, choices, metadata)

    def _standing(self, locale: str, country: str | None, metadata: Mapping[str, Any]) -> dict[str, str]:
        """The values every text may use; an empty one makes its line disappear."""
        office = self.programme.office(country)
        urgency = (metadata.get("ticket") or {}).get("urgency", "normal")
        return {
            "programme_name": self.programme.name,
            "office_name": str(office.get("name") or self.programme.name),
            "office_phone": str(office.get("phone") or ""),
            "office_email": str(office.get("email") or ""),
            "office_address": str(office.get("address") or ""),
            "office_hours": opening_hours(office.get("hours") or {}, locale),
            "emergency_number": self.programme.emergency_number(country) or self._words("utter_emergency_number_local", locale),
            "helpline": self.programme.helpline(country, str(metadata.get("helpline") or "general")),
            "reply_time": self._words(self._reply_time(urgency), locale),
        }

    def _reply_time(self, urgency: str) -> str:
        # Until a rota is connected nobody can say when a person answers; the honest sentence is chosen.
        return "utter_reply_time_unknown"

    def _words(self, name: str, locale: str) -> str:
        found = self._responses.get(name)
        return self.translated(name, found[0]["text"], locale) if found else ""


def _filled(text: str, known: Mapping[str, str]) -> str:
    """`text` with its placeholders filled; a line that needs a value we do not have is left out."""
    lines = []
    for line in text.split("\n"):
        names = PLACEHOLDER.findall(line)
        if all(known.get(name) for name in names):
            lines.append(PLACEHOLDER.sub(lambda match: str(known[match.group(1)]), line))
    return "\n".join(lines).strip()
