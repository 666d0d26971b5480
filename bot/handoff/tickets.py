"""Tickets: the rows that put a conversation into a person's hands. States, rota and console work on these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.db import reading
from bot.store.tables import ticket

URGENCIES = ("urgent", "high", "normal")


@dataclass(frozen=True)
class TicketRequest:
    """What a turn asks for. `reason` is a word for staff ("danger", "q05", "complaint"), never the person's text."""

    reason: str
    urgency: str = "normal"

    def __post_init__(self) -> None:
        if self.urgency not in URGENCIES:
            raise ValueError(f"unknown urgency {self.urgency!r}")


def open_ticket(
    connection: Connection, request: TicketRequest, conversation_id: str, inbox_id: int, locale: str, channel: str, now: datetime
) -> None:
    """Opens a ticket in the turn's own transaction; once per message and reason."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {
        "conversation_id": conversation_id,
        "inbox_id": inbox_id,
        "reason": request.reason,
        "urgency": request.urgency,
        "locale": locale,
        "channel": channel,
        "state": "open",
        "created_at": now,
    }
    connection.execute(dialect.insert(ticket).values(values).on_conflict_do_nothing())


def open_count(engine: Engine) -> dict[str, int]:
    """How many open tickets there are by urgency."""
    query = select(ticket.c.urgency, func.count()).where(ticket.c.state == "open").group_by(ticket.c.urgency)
    with reading(engine).connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
