"""Messages as they arrive: stored once, claimed in order, one at a time per conversation.

Storing is one transaction under the unique provider id, so a repeated webhook changes nothing. A claim is a lease on the
conversation: whoever dies with it leaves the message where it was, and it is taken up again when the lease ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.channels.base import ChannelName, Inbound, Kind
from bot.handoff.tickets import TicketRequest, open_ticket
from bot.store.db import reading
from bot.store.seal import Sealer, SealError
from bot.store.tables import contact, conversation, inbox
from bot.store.vault import Key, Vault, of_talk

LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 8

# Built once: putting a statement together costs more than running it, and these run for every message.
_FREE = and_(
    or_(conversation.c.lease_until.is_(None), conversation.c.lease_until < bindparam("now")),
    or_(conversation.c.retry_at.is_(None), conversation.c.retry_at <= bindparam("now")),
)
_OLDEST = (
    select(conversation.c.id)
    .join(inbox, inbox.c.conversation_id == conversation.c.id)
    .where(inbox.c.state == "received", _FREE)
    .order_by(inbox.c.id)
    .limit(1)
)
_OLDEST_LOCKED = _OLDEST.with_for_update(of=conversation, skip_locked=True)
_KNOWN = (
    select(conversation.c.id)
    .join(contact, conversation.c.contact_id == contact.c.id)
    .where(contact.c.channel == bindparam("channel"), contact.c.address_hash.in_(bindparam("hashes", expanding=True)))
)


@dataclass(frozen=True)
class Claim:
    """A message in hand: its rows as they were when claimed, with `offered` and `secret` opened. `lease` is the lease's token."""

    inbox_id: int
    attempts: int
    received_at: datetime
    inbound: Inbound
    conversation: Mapping[str, Any]
    contact: Mapping[str, Any]
    lease: str


def dump(inbound: Inbound) -> dict[str, Any]:
    """The JSON form that is sealed."""
    return asdict(inbound)


def load(value: Mapping[str, Any]) -> Inbound:
    """The message from its JSON form."""
    return Inbound(**{**value, "channel": ChannelName(value["channel"]), "kind": Kind(value["kind"])})


def _remembered(key: Key, sealed: bytes | None) -> Any:
    """None where it does not open: old buttons mean nothing then, and the talk goes on."""
    with suppress(SealError):
        return key.open(sealed) if sealed else None
    return None


class Inbox:
    """The table of messages from people."""

    def __init__(self, engine: Engine, sealer: Sealer, vault: Vault) -> None:
        self._engine, self._reading, self._sealer, self._vault = engine, reading(engine), sealer, vault
        dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
        self._insert: Any = dialect.insert

    def store(self, inbound: Inbound, now: datetime) -> bool:
        """Stores the message once; False when this provider id was stored before."""
        with self._engine.begin() as connection:
            talk = self._conversation(connection, inbound, now)
            readable = replace(inbound, text=inbound.text.encode("utf-8", "replace").decode())
            row = {
                "channel": inbound.channel,
                "provider_message_id": inbound.provider_message_id,
                "conversation_id": talk,
                "body": self._vault.seal(of_talk(talk), dump(readable)),
                "state": "received",
                "attempts": 0,
                "received_at": now,
            }
            stored = self._insert(inbox).values(row).on_conflict_do_nothing().returning(inbox.c.id)
            return connection.scalar(stored) is not None

    def _conversation(self, connection: Connection, inbound: Inbound, now: datetime) -> str:
        hashes = self._sealer.lookups(inbound.address)
        person = {"channel": inbound.channel, "hashes": hashes}
        if found := connection.scalar(_KNOWN, person):
            return str(found)
        talk = uuid.uuid4().hex
        values = {"channel": inbound.channel, "address_hash": hashes[0], "address": b"", "created_at": now}
        new = connection.scalar(self._insert(contact).values(values).on_conflict_do_nothing().returning(contact.c.id))
        if new is None:  # another process was first, with the talk
            return str(connection.scalar(_KNOWN, person))
        row = {
            "id": talk,
            "contact_id": new,
            "locale_state": "unknown",
            "owner": "bot",
            "owner_version": 0,
            "created_at": now,
            "updated_at": now,
        }
        connection.execute(self._insert(conversation).values(row))
        # The key after the row: the sweep of keys waits for the rows being written before it takes a key for left over.
        address = self._vault.seal(of_talk(talk), inbound.address)
        connection.execute(update(contact).where(contact.c.id == new).values(address=address))
        return talk

    def claim(self, now: datetime) -> Claim | None:
        """The oldest waiting message of a conversation that nobody holds, or None."""
        lease = uuid.uuid4().hex
        with self._reading.connect() as connection:  # idle workers ask most often, and need no lock to hear no
            if connection.execute(_OLDEST, {"now": now}).first() is None:
                return None
        with self._engine.begin() as connection:
            talk_id = connection.scalar(_OLDEST_LOCKED, {"now": now})
            if talk_id is None:
                return None
            held = (
                update(conversation).where(conversation.c.id == talk_id, _FREE).values(lease_owner=lease, lease_until=now + LEASE)
            )
            if not connection.execute(held, {"now": now}).rowcount:
                return None
            waiting = select(inbox).where(inbox.c.conversation_id == talk_id, inbox.c.state == "received")
            message = connection.execute(waiting.order_by(inbox.c.id).limit(1)).mappings().first()
            if message is None:  # another worker finished this talk in between
                release = {"lease_owner": None, "lease_until": None}
                connection.execute(update(conversation).where(conversation.c.id == talk_id).values(release))
                return None
            connection.execute(update(inbox).where(inbox.c.id == message["id"]).values(attempts=message["attempts"] + 1))
            talk = connection.execute(select(conversation).where(conversation.c.id == talk_id)).mappings().one()
            person = connection.execute(select(contact).where(contact.c.id == talk["contact_id"])).mappings().one()
            # Before the lease counts: while the keystore is down the message stays as it was.
            inbound, opened = self._opened(message["body"], talk)
        if inbound is None or message["attempts"] >= MOST_ATTEMPTS:
            self._park(message["id"], dict(talk), str(person["channel"]), now)
            return self.claim(now)
        return Claim(message["id"], message["attempts"] + 1, message["received_at"], inbound, opened, dict(person), lease)

    def _opened(self, body: bytes, talk: RowMapping) -> tuple[Inbound | None, dict[str, Any]]:
        """The message and its talk, opened with one look for the key; None for a message that does not open."""
        try:
            key = self._vault.opening(of_talk(talk["id"]))
            inbound = load(key.open(body))
        except (SealError, TypeError, KeyError, ValueError):
            return None, {}
        return inbound, {**talk, **{name: _remembered(key, talk[name]) for name in ("offered", "secret")}}

    def _park(self, inbox_id: int, talk: Mapping[str, Any], channel: str, now: datetime) -> None:
        """Puts a message that does not open, or that ends every worker, into a person's hands, so that the talk goes on."""
        with self._engine.begin() as connection:
            parked = {"state": "parked", "handled_at": now, "outcome": "unreadable"}
            connection.execute(update(inbox).where(inbox.c.id == inbox_id).values(parked))
            free = {"lease_owner": None, "lease_until": None}
            connection.execute(update(conversation).where(conversation.c.id == talk["id"]).values(free))
            request = TicketRequest("unreadable", "high")
            open_ticket(connection, request, talk["id"], inbox_id, talk["locale"] or "en", channel, now)

    def retry(self, claim: Claim, at: datetime) -> None:
        """Gives a claimed message back; the conversation waits until `at`, so that order is kept."""
        with self._engine.begin() as connection:
            mine = and_(conversation.c.id == claim.conversation["id"], conversation.c.lease_owner == claim.lease)
            connection.execute(update(conversation).where(mine).values(lease_owner=None, lease_until=None, retry_at=at))

    def earlier(self, conversation_id: str, inbox_id: int, since: datetime) -> int:
        """How many messages this conversation brought before `inbox_id`, counted from `since`."""
        mine = and_(inbox.c.conversation_id == conversation_id, inbox.c.id < inbox_id, inbox.c.received_at >= since)
        with self._reading.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(inbox).where(mine)) or 0)

    def kept(self, inbox_id: int) -> Inbound | None:
        """A message that was set aside until its language was known; None when it or its key is gone."""
        with self._reading.connect() as connection:
            row = connection.execute(select(inbox.c.conversation_id, inbox.c.body).where(inbox.c.id == inbox_id)).first()
        with suppress(SealError):
            return load(self._vault.open(of_talk(row.conversation_id), row.body)) if row else None
        return None

    def backlog(self) -> tuple[int, datetime | None]:
        """How many messages wait, and since when the oldest does."""
        query = select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.state == "received")
        with self._reading.connect() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), oldest
