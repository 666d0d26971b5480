"""Reminders of a date, for those who agreed to them: seven, two and one days before, and on the day.

The words are neutral and name nothing. A reminder is a row, unique for a person, a kind and a day, and it is handed to the
outbox in the transaction that marks it: neither a restart nor a second process sends it twice. Whether it is still wanted
and still true (consent, link, case, the date itself) is asked when it is due, and consent once more at sending.

A reminder that cannot go out is told to a person: one that is more than six hours late (no process ran, or the clock jumped
ahead) is not sent, since its words would be wrong, but ends as `missed` with a ticket. Should the clock come back to before
the reminder's time, whatever ended unsent waits again; what was handed over never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, RowMapping, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.channels.base import Capabilities, ChannelName
from bot.consent.chats import Chat, Chats
from bot.consent.ledger import Ledger
from bot.consent.occasions import DAYS_BEFORE, Dates, Occasion, due_at, kind_of, occasions, quiet, zone_for
from bot.consent.reminding import HANDED, Reminding
from bot.i18n.answers import Answers
from bot.store.db import reading
from bot.store.seal import SealError
from bot.store.tables import reminder
from bot.store.vault import Vault, of_talk

log = structlog.get_logger()
LATE = timedelta(hours=6)
#: WhatsApp lets us write freely for 24 hours after a person's last message; a little less, for the way takes time.
WINDOW = timedelta(hours=23, minutes=45)
PLAN_EVERY = timedelta(minutes=10)
#: How a reminder ends unsent. The first is nobody's loss; the others are told to a person.
WITHDRAWN, TOLD = "withdrawn", ("missed", "window", "held", "unreadable")


@dataclass(frozen=True)
class Ending:
    """What becomes of a due reminder; `chat` and `case_id` are known where it is handed over."""

    state: str
    chat: Chat | None = None
    case_id: str = ""
    template: str = ""


class Reminders:
    """Plans reminders and hands them over. Every method does its database work itself: call it in a thread."""

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        answers: Answers,
        capabilities: Mapping[ChannelName, Capabilities],
        dates: Dates,
        ledger: Ledger,
        templates: Mapping[str, str],
    ) -> None:
        self._engine, self._vault, self._dates, self._chats = engine, vault, dates, Chats(engine, ledger)
        self._reminding = Reminding(vault, answers, capabilities, templates)
        self._planned_at: datetime | None = None
        self._insert: Any = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert

    def step(self, now: datetime) -> int:
        """Plans every ten minutes, hands over what is due, and gives the number handed over. Any number of processes may call it."""
        if self._planned_at is None or not timedelta() <= now - self._planned_at < PLAN_EVERY:
            self.plan(now)
            self._planned_at = now
        return self.due(now)

    def plan(self, now: datetime) -> int:
        """Writes the rows that are missing for all dates to come, and wakes those that a clock ahead of time had ended."""
        with self._engine.begin() as connection:
            early = and_(reminder.c.state.not_in(("waiting", HANDED)), reminder.c.due_at > now)
            connection.execute(update(reminder).where(early).values(state="waiting"))
        return sum(self._plan(person_id, now) for person_id in self._chats.people())

    def due(self, now: datetime) -> int:
        """Ends every reminder whose time has come, one way or another; gives the number handed to the outbox."""
        query = select(reminder).where(reminder.c.state == "waiting", reminder.c.due_at <= now)
        with reading(self._engine).connect() as connection:
            rows = connection.execute(query.order_by(reminder.c.due_at, reminder.c.id)).mappings().all()
        handed = 0
        for row in rows:
            if (ending := self._ending(row, now)) is not None:
                handed += self._end(row, ending, now)
        return handed

    def _plan(self, person_id: str, now: datetime) -> int:
        chat, case_id = self._chats.of(person_id, now), self._chats.case_of(person_id)
        if chat is None or case_id is None:
            return 0
        try:
            address = self._address(chat)
            found = occasions(self._dates, person_id, case_id, now)
        except SealError:
            log.warning("a person's dates do not open; no reminders are planned", person_id=person_id)
            return 0
        rows = {
            (kind_of(occasion, days), occasion.day.isoformat()): at
            for occasion in found
            for days in DAYS_BEFORE
            if now - LATE < (at := due_at(occasion, days, zone_for(address, occasion, now))) < occasion.at
        }
        with reading(self._engine).connect() as connection:
            mine = select(reminder.c.kind, reminder.c.on_date).where(reminder.c.person_id == person_id)
            known = {(row.kind, row.on_date) for row in connection.execute(mine)}
        new = [
            {"person_id": person_id, "conversation_id": chat.conversation_id, "kind": kind, "on_date": day, "due_at": at}
            for (kind, day), at in rows.items()
            if (kind, day) not in known
        ]
        if not new:
            return 0
        with self._engine.begin() as connection:
            written = self._insert(reminder).values([{**row, "state": "waiting"} for row in new]).on_conflict_do_nothing()
            return int(connection.execute(written).rowcount)

    def _ending(self, row: RowMapping, now: datetime) -> Ending | None:
        """What becomes of a due reminder; None while it must wait for the morning."""
        person_id = row["person_id"]
        chat, case_id = self._chats.of(person_id, now), self._chats.case_of(person_id)
        if chat is None or case_id is None:
            return Ending(WITHDRAWN)
        try:
            # As the dates stood to come when it was due: a clock that ran ahead does not make them past.
            occasion = self._still(row, occasions(self._dates, person_id, case_id, row["due_at"]))
            address = self._address(chat)
        except SealError:
            return Ending("unreadable", chat)
        if occasion is None:
            return Ending(WITHDRAWN)
        if now - row["due_at"] > LATE or now >= occasion.at:
            return Ending("missed", chat)
        if quiet(now, zone_for(address, occasion, now)):
            return None
        if chat.hidden_at is not None or chat.owner == "staff":
            return Ending("held", chat)
        if chat.channel == ChannelName.WHATSAPP and not _open_window(chat, now):
            template = self._reminding.template(chat, _days(row))
            return Ending(HANDED, chat, case_id, template) if template else Ending("window", chat)
        return Ending(HANDED, chat, case_id)

    def _end(self, row: RowMapping, ending: Ending, now: datetime) -> bool:
        with self._engine.begin() as connection:
            waiting = and_(reminder.c.id == row["id"], reminder.c.state == "waiting")
            talk = ending.chat.conversation_id if ending.chat else row["conversation_id"]
            if not connection.execute(update(reminder).where(waiting).values(state=ending.state, conversation_id=talk)).rowcount:
                return False  # another process was first
            if ending.chat and ending.state in TOLD:
                self._reminding.tell(connection, ending.chat, f"reminder_{ending.state}", now)
            if ending.chat is None or ending.state != HANDED or self._reminding.said(connection, row, _days(row)):
                return False
            guard = f"reminder:{row['person_id']}:{ending.case_id}"
            self._reminding.hand(connection, ending.chat, _days(row), guard, ending.template, now)
        return True

    def _address(self, chat: Chat) -> str:
        return str(self._vault.open(of_talk(chat.conversation_id), chat.address))

    def _still(self, row: RowMapping, found: list[Occasion]) -> Occasion | None:
        wanted = (row["kind"], row["on_date"])
        return next((each for each in found if (kind_of(each, _days(row)), each.day.isoformat()) == wanted), None)


def _days(row: RowMapping) -> int:
    return int(str(row["kind"]).rpartition("-")[2])


def _open_window(chat: Chat, now: datetime) -> bool:
    return chat.last_inbound_at is not None and now - chat.last_inbound_at < WINDOW
