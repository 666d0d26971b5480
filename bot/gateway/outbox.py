"""Messages as they leave: written together with the turn that made them, sent once, in order per conversation.

States: waiting -> sending -> sent -> delivered -> read, or failed, or withdrawn. A row found `sending` after its lease
ended has an unknown outcome (its sender died): the provider is asked where it can be, else it goes out once more at the
most. A status callback may come before the send call returns; it finds its row by the id in the callback's address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from bot.channels.base import ChannelName, OfferedChoice, Part
from bot.handoff.tickets import TicketRequest, open_ticket
from bot.i18n.languages import DEFAULT
from bot.store.db import reading
from bot.store.seal import SealError
from bot.store.tables import contact, conversation, outbox
from bot.store.vault import Vault, of_talk

LEASE = timedelta(seconds=60)
#: (guard, contact id, conversation id, channel, now): whether a part with case facts may still go out.
MaySend = Callable[[str, int, str, ChannelName, datetime], bool]
RANK = {"waiting": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 4}


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
    unknowns: int


def add(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    inbox_id: int | None,
    parts: Sequence[Part],
    now: datetime,
    urgent: bool = False,
    guard: str = "",
) -> None:
    """Writes `parts` in order; `seq` under its unique key makes a second commit of the same turn impossible.

    `guard` ("kind:person:case") marks parts that carry case facts: they are sent only if consent still holds then.
    """
    if not parts:
        return
    key = vault.sealing(of_talk(conversation_id))
    for seq, part in enumerate(parts):
        connection.execute(
            insert(outbox).values(
                conversation_id=conversation_id,
                inbox_id=inbox_id,
                seq=seq,
                body=key.seal(asdict(part)),
                state="waiting",
                attempts=0,
                unknowns=0,
                urgent=urgent,
                guard=guard if guard and part.text else None,
                next_at=now,
                created_at=now,
            )
        )


def _next() -> Select[Any]:
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
        and_(outbox.c.state == "waiting", outbox.c.next_at <= bindparam("now")),
        and_(outbox.c.state == "sending", or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < bindparam("now"))),
    )
    return (
        select(
            outbox,
            contact.c.id.label("contact_id"),
            contact.c.channel,
            contact.c.address,
            contact.c.opted_out_at,
            contact.c.blocked_at,
            conversation.c.owner,
        )
        .join(conversation, outbox.c.conversation_id == conversation.c.id)
        .join(contact, conversation.c.contact_id == contact.c.id)
        .where(due, ~blocked, contact.c.channel == bindparam("on"))
        .order_by(outbox.c.urgent.desc(), outbox.c.id)
        .limit(1)
    )


# Built once: putting the statement together costs more than running it.
_NEXT = _next()
_NEXT_LOCKED = _NEXT.with_for_update(of=outbox, skip_locked=True)


def part_from(value: Mapping[str, Any]) -> Part:
    """A part from its JSON form."""
    choices = tuple(OfferedChoice(**choice) for choice in value["choices"])
    return Part(
        value["text"],
        choices,
        value.get("list_label", ""),
        value.get("template", ""),
        value.get("variables", {}),
        tuple(value.get("removals", ())),
    )


def _stale(row: Mapping[str, Any]) -> bool:
    """Whether a part may no longer go out. The confirmation of an opt-out itself has the opt-out's own time."""
    opted_out = row["opted_out_at"] is not None and row["created_at"] != row["opted_out_at"]
    taken_over = row["owner"] == "staff" and row["inbox_id"] is not None
    return bool(opted_out or row["blocked_at"] or taken_over)


class Outbox:
    """The table of messages to people."""

    def __init__(self, engine: Engine, vault: Vault, may_send: MaySend | None = None) -> None:
        self._may_send = may_send or (lambda guard, contact_id, conversation_id, channel, now: False)
        self._engine, self._reading, self._vault = engine, reading(engine), vault

    def claim(self, now: datetime, channel: ChannelName) -> Sending | None:
        """The next part to send on a channel: the oldest unfinished one of a conversation, urgent ones first.

        What may no longer go out is withdrawn here: an opt-out, a block, or a caseworker taking the talk came in between.
        """
        due = {"now": now, "on": channel}
        with self._reading.connect() as connection:  # idle senders ask most often, and need no lock to hear no
            if connection.execute(_NEXT, due).first() is None:
                return None
        with self._engine.begin() as connection:
            row = connection.execute(_NEXT_LOCKED, due).mappings().first()
            if row is None:
                return None
            mine = update(outbox).where(outbox.c.id == row["id"])
            stale = _stale(dict(row))
            # Opened before it is marked: while the keystore is down the part stays as it was.
            opened = None if stale else self._opened(row)
            if stale:
                connection.execute(mine.values(state="withdrawn", lease_until=None))
            elif opened is None:
                self._fail(connection, row["id"], "unreadable", now)
            else:
                connection.execute(mine.values(state="sending", attempts=row["attempts"] + 1, lease_until=now + LEASE))
        if opened and row["guard"] and not self._may_send(row["guard"], row["contact_id"], row["conversation_id"], channel, now):
            with self._engine.begin() as connection:
                connection.execute(mine.values(state="withdrawn", lease_until=None, body=b""))
            opened = None
        if opened is None:
            return self.claim(now, channel)
        address, part = opened
        return Sending(
            row["id"],
            row["conversation_id"],
            ChannelName(row["channel"]),
            address,
            part,
            row["attempts"] + 1,
            row["created_at"],
            unknown=row["state"] == "sending" or row["error_code"] == "unknown",
            unknowns=row["unknowns"] + (row["state"] == "sending"),
        )

    def _opened(self, row: RowMapping) -> tuple[str, Part] | None:
        """Where to and what; None when it was altered or the talk's key is gone."""
        try:
            key = self._vault.opening(of_talk(row["conversation_id"]))
            return str(key.open(row["address"])), part_from(key.open(row["body"]))
        except SealError:
            return None

    def sent(self, outbox_id: int, provider_id: str, now: datetime) -> None:
        """Marks a part as taken by the provider; a status that came earlier is kept."""
        with self._engine.begin() as connection:
            connection.execute(
                update(outbox).where(outbox.c.id == outbox_id).values(provider_id=provider_id, sent_at=now, lease_until=None)
            )
            # A case fact is not kept once it is delivered to the provider.
            told = and_(outbox.c.id == outbox_id, outbox.c.guard.is_not(None))
            connection.execute(update(outbox).where(told).values(body=b""))
            early = outbox.c.state.in_(("waiting", "sending"))
            connection.execute(update(outbox).where(outbox.c.id == outbox_id, early).values(state="sent", error_code=None))

    def again(self, outbox_id: int, at: datetime, code: str) -> None:
        """Puts a part back until `at`. `code` "unknown" remembers that the last attempt may have gone out."""
        with self._engine.begin() as connection:
            still = and_(outbox.c.id == outbox_id, outbox.c.state == "sending")
            unknowns = outbox.c.unknowns + (1 if code == "unknown" else 0)
            back = {"state": "waiting", "next_at": at, "lease_until": None, "error_code": code[:32], "unknowns": unknowns}
            connection.execute(update(outbox).where(still).values(back))

    def fail(self, outbox_id: int, code: str, now: datetime) -> None:
        """Ends a part as failed and tells a person: somebody waits for an answer that did not arrive."""
        with self._engine.begin() as connection:
            self._fail(connection, outbox_id, code, now)

    def _fail(self, connection: Connection, outbox_id: int, code: str, now: datetime) -> None:
        open_states = outbox.c.state.not_in(("delivered", "read", "failed"))
        ended = update(outbox).where(outbox.c.id == outbox_id, open_states)
        if not connection.execute(ended.values(state="failed", error_code=code[:32], lease_until=None)).rowcount:
            return
        query = (
            select(outbox.c.conversation_id, outbox.c.inbox_id, outbox.c.urgent, conversation.c.locale, contact.c.channel)
            .join(conversation, outbox.c.conversation_id == conversation.c.id)
            .join(contact, conversation.c.contact_id == contact.c.id)
            .where(outbox.c.id == outbox_id)
        )
        row = connection.execute(query).one()
        request = TicketRequest("undelivered", "urgent" if row.urgent else "high")
        open_ticket(connection, request, row.conversation_id, row.inbox_id, row.locale or DEFAULT, row.channel, now)

    def status(self, outbox_id: int, provider_id: str, status: str, code: str, now: datetime) -> str | None:
        """Joins a delivery status with its part; returns the conversation's id, or None for a part we do not know.

        Statuses repeat and overtake each other: the highest rank stays, and nothing follows a failure.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(outbox).where(outbox.c.id == outbox_id).with_for_update()).mappings().first()
            if row is None or (row["provider_id"] and row["provider_id"] != provider_id):
                return None
            mine = update(outbox).where(outbox.c.id == outbox_id)
            connection.execute(mine.values(provider_id=provider_id))
            if status in ("failed", "undelivered", "canceled"):
                self._fail(connection, outbox_id, code or status, now)
            elif status in ("sent", "delivered", "read") and RANK[status] > RANK.get(row["state"], 9):
                connection.execute(mine.values(state=status, lease_until=None))
            return str(row["conversation_id"])

    def known(self, provider_ids: Sequence[str]) -> set[str]:
        """Those of the provider's ids that belong to parts of ours already (not the one in hand: a status may have named it)."""
        named = and_(outbox.c.provider_id.in_(provider_ids), outbox.c.state != "sending")
        with self._reading.connect() as connection:
            return set(connection.scalars(select(outbox.c.provider_id).where(named)))

    def withdraw(self, connection: Connection, conversation_id: str) -> None:
        """Takes back everything that still waits for this conversation."""
        waiting = and_(outbox.c.conversation_id == conversation_id, outbox.c.state == "waiting")
        connection.execute(update(outbox).where(waiting).values(state="withdrawn"))

    def backlog(self) -> tuple[int, datetime | None]:
        """How many parts wait, and since when the oldest does."""
        query = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.state.in_(("waiting", "sending")))
        with self._reading.connect() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), oldest
