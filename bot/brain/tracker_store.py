"""Rasa's memory of a talk, kept short: the current session only, and nothing of talks idle for two weeks.

It is a cache that Rasa needs between two messages, not a record: what must last stands in our own tables. Losing it
costs a person at most the place in a flow. The database is HEARTH_RASA_TRACKER (an SQLAlchemy address; PostgreSQL where
several Rasa processes share the talks), else the SQLite file var/rasa.db, readable by its owner alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker

IDLE_SECONDS = 14 * 24 * 3600
SWEEP_SECONDS = 3600


class ShortMemory(SQLTrackerStore):
    """An SQL tracker store that forgets. `clock` gives seconds since 1970."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        clock: Callable[[], float] = time.time,
        **kwargs: Any,
    ) -> None:
        address = os.environ.get("HEARTH_RASA_TRACKER") or host or f"sqlite:///{Path('var') / 'rasa.db'}"
        file = sa.engine.make_url(address).database if address.startswith("sqlite") else None
        if file and file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).touch(mode=0o600)
        super().__init__(domain=domain, host=address, event_broker=event_broker, **kwargs)
        self._clock = clock
        self._swept = 0.0
        if file:
            with self.engine.connect() as connection:
                connection.execute(sa.text("PRAGMA journal_mode=WAL"))

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the new events, then forgets the sessions before this one."""
        await super().save(tracker)
        event = self.SQLEvent
        with self.session_scope() as session:
            start = (
                session.query(sa.func.max(event.timestamp))
                .filter(event.sender_id == tracker.sender_id, event.type_name == SessionStarted.type_name)
                .scalar()
            )
            if start is not None:
                session.query(event).filter(event.sender_id == tracker.sender_id, event.timestamp < start).delete()
            session.commit()
        if self._clock() - self._swept > SWEEP_SECONDS:
            self.forget_idle()

    def forget(self, sender_id: str) -> int:
        """Erases one talk; gives the number of events erased."""
        with self.session_scope() as session:
            count: int = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender_id).delete()
            session.commit()
        return count

    def forget_idle(self) -> int:
        """Erases the talks in which nothing was said for two weeks; gives the number of events erased."""
        self._swept = self._clock()
        event = self.SQLEvent
        with self.session_scope() as session:
            idle = (
                session.query(event.sender_id)
                .group_by(event.sender_id)
                .having(sa.func.max(event.timestamp) < self._swept - IDLE_SECONDS)
                .subquery()
            )
            count: int = (
                session.query(event).filter(event.sender_id.in_(sa.select(idle.c.sender_id))).delete(synchronize_session=False)
            )
            session.commit()
        return count
