"""Where the truth about cases is kept: in our own tables, or in another system from which it is brought into them.

Answers to people are always read from our tables; a source only brings these up to date. It may set a safety hold and never
lifts one. When it cannot be asked our tables stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.cases.files import Cases
from bot.settings import Settings


class SourceError(Exception):
    """The other system did not answer, or with something that makes no sense. One line without anything about a person."""


class Source(Protocol):
    """Blocks while it works: call it in a thread. May be shared between threads."""

    def refresh(self, case_number: str) -> None:
        """Brings the newest facts of a case, also of one we do not know yet. Raises SourceError."""


class OurTables:
    """Cases are kept here: by import and by staff. There is nothing to bring."""

    def refresh(self, case_number: str) -> None:
        """Does nothing."""


def source(settings: Settings, cases: Cases, clock: Callable[[], datetime]) -> Source:
    """The source chosen by HEARTH_CASES_SOURCE."""
    if settings.cases_source == "tables":
        return OurTables()
    from bot.cases.primero import Primero, Server

    server = Server(settings.primero_url, settings.primero_user, settings.primero_password.get_secret_value())
    return Primero(server, cases, clock)
