"""What a failed send says about a contact: opted out, blocked us, or cannot be reached."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select, update

from bot.channels.base import ChannelName, Outcome
from bot.store.tables import contact, conversation


class Contacts:
    """The table of addresses people write from."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send_failed(self, conversation_id: str, outcome: Outcome, now: datetime) -> None:
        """Notes an opt-out the provider told us of (21610, 403); other failures change nothing here."""
        if outcome is not Outcome.OPTED_OUT:
            return
        with self._engine.begin() as connection:
            owner = select(conversation.c.contact_id).where(conversation.c.id == conversation_id).scalar_subquery()
            channel = connection.scalar(select(contact.c.channel).where(contact.c.id == owner))
            # An SMS opt-out lasts until START; elsewhere whoever writes to us again has unblocked us.
            column = "opted_out_at" if channel == ChannelName.SMS else "blocked_at"
            connection.execute(update(contact).where(contact.c.id == owner).values({column: now}))
