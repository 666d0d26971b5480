"""Messages as they leave: written together with the turn that made them, sent once, in order per conversation.

States: waiting -> sending -> sent -> delivered -> read, or failed, or withdrawn. A row found `sending` after its lease
ended has an unknown outcome (its sender died): the provider is asked where it can be, else it goes out once more at the
most. A status callback may come before the send call returns; it finds its row by the id in the callback's address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from bot.channels.base import ChannelName, OfferedChoice, Part
from bot.store.seal import Sealer, SealError
from bot.store.tables import contact, conversation, outbox

LEASE = timedelta(seconds=60)
RANK = {"waiting": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 4}
FINAL = ("failed", "withdrawn")


@dataclass(frozen=True)
class Sending:
    """A part in hand. `unknown` says that an earlier attempt may have gone out."""

    id: int
    conversation_id: str
    channel: ChannelName
    address: str
    part: Part
    attempts: int
    created_at: datetime
    unknown: bool


def add(
    connection: Connection, sealer: Sealer, conversation_id: str, inbox_id: int | None, parts: Sequence[Part], now: datetime
) -> None:
    """Writes `parts` in order; `seq` under its unique key makes a second commit of the same turn impossible."""
    for seq, part in enumerate(parts):
        connection.execute(
            insert(outbox).values(
                conversation_id=conversation_id,
                inbox_id=inbox_id,
                seq=seq,
                body=sealer.seal(asdict(part)),
                state="waiting",
                attempts=0,
                next_at=now,
                created_at=now,
            )
        )


def part_from(value: Mapping[str, Any]) -> Part:
    """A part from its JSON form."""
    return Part(value["text"], tuple(OfferedChoice(**choice) for choice in value["choices"]), value.get("list_label", ""))


class Outbox:
    """The table of messages to people."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer

    def claim(self, now: datetime, paused: Sequence[ChannelName] = ()) -> Sending | None:
        """The next part to send: the oldest unfinished one of a conversation. Opted-out and blocked people get none."""
        earlier = aliased(outbox)
        blocked = (
            select(earlier.c.id)
            .where(
                earlier.c.conversation_id == outbox.c.conversation_id,
                earlier.c.id < outbox.c.id,
                earlier.c.state.in_(("waiting", "sending")),
            )
            .exists()
        )
        due = or_(
            and_(outbox.c.state == "waiting", outbox.c.next_at <= now),
            and_(outbox.c.state == "sending", outbox.c.lease_until < now),
        )
        query = (
            select(outbox, contact.c.channel, contact.c.address)
            .join(conversation, outbox.c.conversation_id == conversation.c.id)
            .join(contact, conversation.c.contact_id == contact.c.id)
            .where(due, ~blocked, contact.c.channel.not_in(paused))
            .order_by(outbox.c.id)
            .limit(1)
            .with_for_update(of=outbox, skip_locked=True)
        )
        with self._engine.begin() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            taken = {"state": "sending", "attempts": row["attempts"] + 1, "lease_until": now + LEASE}
            connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(taken))
        try:
            address, part = str(self._sealer.open(row["address"])), part_from(self._sealer.open(row["body"]))
        except SealError:
            self.end(row["id"], "failed", "unreadable")
            return self.claim(now, paused)
        return Sending(
            row["id"],
            row["conversation_id"],
            ChannelName(row["channel"]),
            address,
            part,
            row["attempts"] + 1,
            row["created_at"],
            unknown=row["state"] == "sending" or row["error_code"] == "unknown",
        )

    def sent(self, outbox_id: int, provider_id: str, now: datetime) -> None:
        """Marks a part as taken by the provider; a status that came earlier is kept."""
        with self._engine.begin() as connection:
            connection.execute(
                update(outbox).where(outbox.c.id == outbox_id).values(provider_id=provider_id, sent_at=now, lease_until=None)
            )
            early = outbox.c.state.in_(("waiting", "sending"))
            connection.execute(update(outbox).where(outbox.c.id == outbox_id, early).values(state="sent", error_code=None))

    def again(self, outbox_id: int, at: datetime, code: str) -> None:
        """Puts a part back until `at`. `code` "unknown" remembers that the last attempt may have gone out."""
        with self._engine.begin() as connection:
            still = and_(outbox.c.id == outbox_id, outbox.c.state == "sending")
            connection.execute(update(outbox).where(still).values(state="waiting", next_at=at, lease_until=None, error_code=code))

    def end(self, outbox_id: int, state: str, code: str) -> None:
        """Ends a part as failed or withdrawn."""
        with self._engine.begin() as connection:
            open_states = outbox.c.state.not_in(("delivered", "read"))
            ended = update(outbox).where(outbox.c.id == outbox_id, open_states)
            connection.execute(ended.values(state=state, error_code=code[:32], lease_until=None))

    def status(self, outbox_id: int, provider_id: str, status: str, code: str) -> str | None:
        """Joins a delivery status with its part; returns the conversation's id, or None for a part we do not know.

        Statuses repeat and overtake each other: the highest rank stays, and nothing follows a failure.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(outbox).where(outbox.c.id == outbox_id)).mappings().first()
            if row is None or (row["provider_id"] and row["provider_id"] != provider_id):
                return None
            values: dict[str, Any] = {"provider_id": provider_id}
            if status in ("failed", "undelivered", "canceled"):
                if RANK.get(row["state"], 9) < RANK["delivered"]:
                    values |= {"state": "failed", "error_code": code[:32] or status}
            elif RANK.get(status, -1) > RANK.get(row["state"], 9):
                values["state"] = status
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(values))
            return str(row["conversation_id"])

    def withdraw(self, connection: Connection, conversation_id: str) -> None:
        """Takes back everything that still waits for this conversation."""
        waiting = and_(outbox.c.conversation_id == conversation_id, outbox.c.state == "waiting")
        connection.execute(update(outbox).where(waiting).values(state="withdrawn"))

    def backlog(self) -> tuple[int, datetime | None]:
        """How many parts wait, and since when the oldest does."""
        query = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.state.in_(("waiting", "sending")))
        with self._engine.connect() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), oldest
