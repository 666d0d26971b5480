"""Rasa's memory of a talk, kept short: the current session only, and nothing of talks idle for two weeks.

It is a cache that Rasa needs between two messages, not a record: what must last stands in our own tables. Losing it
costs a person at most the place in a flow. The database is HEARTH_RASA_TRACKER (an SQLAlchemy address; PostgreSQL where
several Rasa processes share the talks), else the SQLite file var/rasa.db, readable by its owner alone.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
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
            # Rasa opens the file anew for each transaction; one kept open saves a tenth of a turn.
            self.engine = sa.create_engine(address, poolclass=sa.pool.QueuePool, connect_args={"check_same_thread": False})
            self.sessionmaker.configure(bind=self.engine)
            sa.event.listen(self.engine, "connect", _fast)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The talk since its session began; None for somebody new."""
        event = self.SQLEvent.__table__.c
        query = sa.select(event.data).where(event.sender_id == sender_id).order_by(event.id)
        with self.engine.connect() as connection:
            events = [json.loads(data) for (data,) in connection.execute(query)]
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots) if events else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the new events, in one transaction; a new session takes the place of the one before it."""
        await self.stream_events(tracker)
        table = self.SQLEvent.__table__
        mine = table.c.sender_id == tracker.sender_id
        with self.engine.begin() as connection:
            stored = connection.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()
            new = list(itertools.islice(tracker.events, stored, None))
            starts = [place for place, event in enumerate(new) if isinstance(event, SessionStarted)]
            if starts:
                connection.execute(table.delete().where(mine))
                new = new[starts[-1] :]
            if new:
                connection.execute(table.insert(), [_row(tracker.sender_id, event) for event in new])
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


def _fast(connection: Any, record: object) -> None:
    """Write-ahead, and no wait for the disk at each turn: a power cut may cost the last turns of a cache, never the file."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    """An event as Rasa's own SQL tracker store keeps it."""
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }
