"""What must hold before a release: `hearth locales check`.

Every text translated and not fuzzy, its placeholders kept, its buttons present and short enough; no fact older than its
date allows; nothing a trafficker reading the phone should not see; no word offered that phone companies act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from babel.messages.pofile import read_po

from bot.i18n.answers import PLACEHOLDER
from bot.i18n.languages import CODES
from bot.i18n.update import path_of, texts

FRESH = timedelta(days=180)
TEXT_LIMIT = 560
TITLE_FEW, TITLE_MANY, FEW = 20, 24, 3
CARRIER_WORDS = {"stop", "stopall", "cancel", "end", "quit", "revoke", "optout", "help", "info", "yes", "start", "unsubscribe"}


def problems(root: Path, today: date | None = None) -> list[str]:
    """One line a problem; an empty list means all is well."""
    today = today or date.today()
    domain = yaml.load((root / "domain.yml").read_text("utf-8"), yaml.CSafeLoader)
    forbidden = yaml.safe_load((root / "data" / "forbidden.yml").read_text("utf-8"))
    found = list(_responses(domain, today))
    found += _sources(domain, (root / "docs" / "facts.md").read_text("utf-8"))
    english = [(context, text) for context, text, _ in texts(root)]
    for context, text in english:
        found += _words("en", context, text, forbidden.get("en") or ())
    for code in CODES:
        if code != "en":
            found += _catalogue(root, code, english, [*(forbidden.get(code) or ()), *(forbidden.get("en") or ())])
    found += _widths(root, domain)
    return found


def _responses(domain: dict[str, Any], today: date) -> Iterator[str]:
    for name, variants in domain["responses"].items():
        if len(variants) != 1:
            yield f"{name}: one text only; a random variant cannot be reviewed"
        metadata = variants[0].get("metadata") or {}
        if "source" not in metadata or "reviewed" not in metadata:
            yield f"{name}: metadata needs source and reviewed"
        elif metadata["source"] and today - _day(metadata["reviewed"]) > FRESH:
            yield f"{name}: its facts were last checked on {metadata['reviewed']}; check them again"
        for button in variants[0].get("buttons") or ():
            if not str(button.get("payload", "")).startswith("/"):
                yield f"{name}: the button {button.get('title')!r} has no payload"


def _sources(domain: dict[str, Any], facts: str) -> Iterator[str]:
    """Sources like "facts 2.4, 16" must name paragraphs or sections of docs/facts.md."""
    known = set(re.findall(r"^(?:#+ )?(\d+(?:\.\d+)?)[. ]", facts, re.MULTILINE))
    for name, variants in domain["responses"].items():
        for source in (variants[0].get("metadata") or {}).get("source") or ():
            if source.startswith("facts "):
                for number in re.findall(r"(?<![-\d.])\d+(?:\.\d+)?", re.sub(r" tests? [\d-]+", "", source.removeprefix("facts "))):
                    if number not in known:
                        yield f"{name}: its source {source!r} names no paragraph {number} of docs/facts.md"


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _catalogue(root: Path, code: str, english: list[tuple[str, str]], forbidden: list[str]) -> Iterator[str]:
    path = path_of(root, code)
    if not path.exists():
        yield f"{code}: there is no catalogue; run `hearth locales update`"
        return
    with path.open("rb") as file:
        messages = {(m.context, m.id): m for m in read_po(file, locale=code) if m.id}
    for context, text in english:
        message = messages.get((context, text))
        if message is None or not message.string:
            yield f"{code} {context}: not translated: {text[:40]!r}"
        elif message.fuzzy:
            yield f"{code} {context}: its English text changed; translate it again"
        else:
            string = str(message.string)
            if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(string)):
                yield f"{code} {context}: placeholders differ from the English text"
            if len(string) > TEXT_LIMIT:
                yield f"{code} {context}: {len(string)} characters, at most {TEXT_LIMIT}"
            yield from _words(code, context, string, forbidden)


def _words(code: str, context: str, text: str, forbidden: Any) -> list[str]:
    folded = text.casefold()
    found = [f"{code} {context}: must not say {word!r}" for word in forbidden if re.search(word, folded)]
    if context.endswith(":button") and folded.strip(" .!") in CARRIER_WORDS:
        found.append(f"{code} {context}: phone companies act on {text!r}")
    return found


def _widths(root: Path, domain: dict[str, Any]) -> Iterator[str]:
    """Button titles must fit WhatsApp in every language: 20 characters on up to three buttons, 24 in a list."""
    catalogues: dict[str, dict[tuple[str | None, Any], str]] = {"en": {}}
    for code in CODES:
        if code != "en" and path_of(root, code).exists():
            with path_of(root, code).open("rb") as file:
                catalogues[code] = {(m.context, m.id): str(m.string or "") for m in read_po(file, locale=code) if m.id}
    for name, variants in domain["responses"].items():
        buttons = variants[0].get("buttons") or ()
        limit = TITLE_FEW if len(buttons) <= FEW else TITLE_MANY
        for code, words in catalogues.items():
            titles = [words.get((f"{name}:button", b["title"])) or b["title"] for b in buttons]
            for title in titles:
                if len(title) > limit:
                    yield f"{code} {name}: the button {title!r} has {len(title)} characters, at most {limit}"
            if len(set(titles)) != len(titles):
                yield f"{code} {name}: two buttons with the same words"
