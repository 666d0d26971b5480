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
    Text,
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
    Column("secret", LargeBinary),  # sealed: which code or PIN is awaited, and for what
    Column("proved_person_id", String(32)),
    Column("proved_until", Utc),
    Column("hidden_at", Utc),  # the person hid the talk; neutral until the PIN
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
    Column("guard", Text),  # "kind:person:case:whose[:whose...]": consent is asked again at sending; empty for general words
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

# ---------------------------------------------------------------------------------------------------------------------
# Cases and consent. What is sealed here is sealed with the person's own key (bot/store/vault.py), which erasure destroys.

person = Table(
    "person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("reference_hash", String(64), nullable=False, unique=True),  # the office's own number for the person
    Column("details", LargeBinary, nullable=False),  # sealed: reference, name, birth date, language
    Column("minor", Boolean, nullable=False, default=False),
    Column("pin_hash", String(200)),
    Column("duress_hash", String(200)),
    Column("wrong_tries", Integer, nullable=False, default=0),
    Column("locked_until", Utc),
    Column("created_at", Utc, nullable=False),
    Column("erased_at", Utc),
)

case_file = Table(
    "case_file",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number_hash", String(64), nullable=False, unique=True),
    Column("number", LargeBinary, nullable=False),  # sealed with the master key: no person's own
    Column("safety_hold", Boolean, nullable=False, default=False),
    Column("caseworker", String(80)),
    Column("closed_at", Utc),
    Column("updated_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
)

case_role = Table(
    "case_role",
    metadata,
    Column("case_id", String(32), ForeignKey("case_file.id"), primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), primary_key=True),
    Column("role", String(16), nullable=False),  # principal, derivative; guardian: nothing else in the case
    Column("milestone", String(32)),  # this person's own step, see bot/cases/milestones.py
    Column("milestone_at", Utc),
    Column("ended_at", Utc),
)

guardianship = Table(
    "guardianship",
    metadata,
    Column("case_id", String(32), ForeignKey("case_file.id"), primary_key=True),
    Column("guardian_id", String(32), ForeignKey("person.id"), primary_key=True),
    Column("ward_id", String(32), ForeignKey("person.id"), primary_key=True),  # whom the guardian speaks for
    Column("ended_at", Utc),
    Index("ix_guardianship_ward_id", "ward_id"),
)

appointment = Table(
    "appointment",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_id", String(32), ForeignKey("case_file.id"), nullable=False),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("details", LargeBinary, nullable=False),  # sealed: kind, at (local time), zone, place
    Column("cancelled_at", Utc),
    Column("created_at", Utc, nullable=False),
    Index("ix_appointment_person_id", "person_id"),
)

itinerary = Table(
    "itinerary",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_id", String(32), ForeignKey("case_file.id"), nullable=False),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("details", LargeBinary, nullable=False),  # sealed: flights in order, escort yes or no, who meets
    Column("cancelled_at", Utc),
    Column("created_at", Utc, nullable=False),
    Index("ix_itinerary_person_id", "person_id"),
)

link_code = Table(
    "link_code",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("case_id", String(32), ForeignKey("case_file.id"), nullable=False),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("issued_by", String(80), nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
    Column("used_by_contact_id", Serial, ForeignKey("contact.id")),
    Column("revoked_at", Utc),
)

link = Table(
    "link",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("contact_id", Serial, ForeignKey("contact.id"), nullable=False),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Index("ix_link_contact_id", "contact_id"),
    Index("ix_link_person_id", "person_id"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),  # whose data
    Column("given_by_person_id", String(32), ForeignKey("person.id"), nullable=False),  # the same, or the guardian
    Column("purpose", String(24), nullable=False),  # case_status, reminders
    Column("channel", String(16), nullable=False),
    Column("text_version", String(16), nullable=False),
    Column("child_assented", Boolean),
    Column("given_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("withdrawn_at", Utc),
    Index("ix_consent_person_id", "person_id"),
)

release = Table(
    "release",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_id", String(32), ForeignKey("case_file.id"), nullable=False),
    Column("from_person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("to_person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("given_at", Utc, nullable=False),
    Column("withdrawn_at", Utc),
    Index("ix_release_from_person_id", "from_person_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor", String(80), nullable=False),  # "bot", "system", or a member of staff
    Column("action", String(40), nullable=False),
    Column("person_id", String(32)),
    Column("case_id", String(32)),
    Column("outcome", String(40), nullable=False),
    Column("before_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_person_id", "person_id"),
)

reminder = Table(
    "reminder",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversation.id"), nullable=False),
    Column("kind", String(24), nullable=False),  # appointment-7, travel-1 ...
    Column("on_date", String(10), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("state", String(16), nullable=False, default="waiting"),
    UniqueConstraint("person_id", "kind", "on_date"),
    Index("ix_reminder_state_due_at", "state", "due_at"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("receipt", String(32), nullable=False, unique=True),
    Column("conversation_id", String(32)),
    Column("person_id", String(32)),
    Column("asked_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("cancelled_at", Utc),
    Column("done_at", Utc),
)
