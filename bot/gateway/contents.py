"""Which WhatsApp Content template was made for which text: one is made once and used for everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.db import reading
from bot.store.tables import content


class Contents:
    """The table of templates made so far, with a copy in memory."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self._known: dict[str, str] = {}

    def get(self, digest: str) -> str | None:
        """The template's SID, or None."""
        if digest not in self._known:
            with reading(self._engine).connect() as connection:
                sid = connection.scalar(select(content.c.sid).where(content.c.digest == digest))
            if sid is None:
                return None
            self._known[digest] = sid
        return self._known[digest]

    def put(self, digest: str, sid: str) -> None:
        """Remembers a template."""
        dialect: Any = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        row = {"digest": digest, "sid": sid, "created_at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(dialect.insert(content).values(row).on_conflict_do_nothing())
        self._known[digest] = sid
