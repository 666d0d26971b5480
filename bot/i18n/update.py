"""Keeps the catalogues in step with domain.yml: `hearth locales update`.

The context of a text is its response's name (buttons: `<name>:button`). A new text comes in empty; where the English of
a known context changed, its translation is kept but marked fuzzy, and a fuzzy translation is never sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot.i18n.languages import CODES


def texts(root: Path) -> Iterator[tuple[str, str, str]]:
    """Context, English text and a comment for translators, in the order of domain.yml."""
    responses = yaml.safe_load((root / "domain.yml").read_text("utf-8"))["responses"]
    for name, variants in responses.items():
        for variant in variants:
            sources = ", ".join((variant.get("metadata") or {}).get("source") or ())
            yield name, variant["text"], sources
            for button in variant.get("buttons") or ():
                yield f"{name}:button", button["title"], ""


def path_of(root: Path, code: str) -> Path:
    """Where the catalogue of a language lies."""
    return root / "locales" / code / "LC_MESSAGES" / "hearth.po"


def update(root: Path, code: str) -> int:
    """Rewrites one catalogue; returns how many texts it now lacks."""
    path = path_of(root, code)
    old = Catalog(locale=code)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=code)
    by_context = {(message.context, message.id): message for message in old if message.id}
    last_text = {message.context: message for message in old if message.id and message.context and ":" not in message.context}
    new = Catalog(locale=code, project="Hearth", charset="utf-8", fuzzy=False)
    missing = 0
    for context, english, comment in texts(root):
        known = by_context.get((context, english))
        flags: tuple[str, ...] = ()
        if known is None and context in last_text:
            known, flags = last_text[context], ("fuzzy",)
        elif known is not None and known.fuzzy:
            flags = ("fuzzy",)
        string = known.string if known is not None and isinstance(known.string, str) else ""
        missing += not string or bool(flags)
        new.add(english, string, context=context, flags=flags, auto_comments=[comment] if comment else [])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, include_previous=False)
    return missing


def update_all(root: Path) -> dict[str, int]:
    """Every language but English; how many texts each lacks."""
    return {code: update(root, code) for code in CODES if code != "en"}
