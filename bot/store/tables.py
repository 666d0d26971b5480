"""The tables of the gateway. Texts and addresses are sealed bytes; times are aware and UTC inside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it naive and gets its zone back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]


Serial = BigInteger().with_variant(Integer, "sqlite")

contact = Table(
    "contact",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("opted_out_at", Utc),
    Column("blocked_at", Utc),
    Column("last_inbound_at", Utc),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("channel", "address_hash"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("contact_id", Serial, ForeignKey("contact.id"), nullable=False, unique=True),
    Column("locale", String(8)),
    Column("locale_state", String(16), nullable=False, default="unknown"),
    Column("owner", String(8), nullable=False, default="bot"),
    Column("owner_version", Integer, nullable=False, default=0),
    Column("offered", LargeBinary),
    Column("kept_inbox_id", Serial),
    Column("lease_owner", String(40)),
    Column("lease_until", Utc),
    Column("retry_at", Utc),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("provider_message_id", String(128), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversation.id"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False, default="received"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("received_at", Utc, nullable=False),
    Column("handled_at", Utc),
    Column("outcome", String(32)),
    UniqueConstraint("channel", "provider_message_id"),
    Index("ix_inbox_state_id", "state", "id"),
    Index("ix_inbox_conversation_id", "conversation_id", "id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversation.id"), nullable=False),
    Column("inbox_id", Serial, ForeignKey("inbox.id")),
    Column("seq", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False, default="waiting"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("unknowns", Integer, nullable=False, default=0),
    Column("urgent", Boolean, nullable=False, default=False),
    Column("next_at", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("provider_id", String(128)),
    Column("error_code", String(32)),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    UniqueConstraint("inbox_id", "seq"),
    Index("ix_outbox_state_id", "state", "id"),
    Index("ix_outbox_conversation_id", "conversation_id", "id"),
    Index("ix_outbox_provider_id", "provider_id"),
)

content = Table(
    "content",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sid", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversation.id"), nullable=False),
    Column("inbox_id", Serial, ForeignKey("inbox.id")),
    Column("reason", String(40), nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("locale", String(8)),
    Column("channel", String(16), nullable=False),
    Column("state", String(16), nullable=False, default="open"),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("inbox_id", "reason"),
    Index("ix_ticket_state_urgency", "state", "urgency", "id"),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(16), nullable=False, default="caseworker"),
    Column("disabled_at", Utc),
    Column("created_at", Utc, nullable=False),
)
