"""Destroys the keys of what is no more: a keystore brought back from a copy holds them again, and a run that was killed leaves some."""

from __future__ import annotations

from sqlalchemy import Engine, select, text

from bot.cases.rows import subject
from bot.consent import audit
from bot.store.db import reading
from bot.store.tables import contact, conversation, person
from bot.store.vault import Vault, of_talk

_LIVING = (
    select(conversation.c.id)
    .join(contact, conversation.c.contact_id == contact.c.id)
    .where(contact.c.address_hash.not_like("erased:%"))
)


def sweep(engine: Engine, vault: Vault) -> int:
    """Gives how many keys of erased people and of chats that are no more were there, and no longer are."""
    with reading(engine).connect() as connection:
        people = connection.scalars(select(person.c.id).where(person.c.erased_at.is_not(None))).all()
    left = [*map(subject, people), *map(of_talk, _gone(engine, vault))]
    return sum(vault.destroy(each) for each in left)


def _gone(engine: Engine, vault: Vault) -> set[str]:
    """The chats that have a key and are no more; none where the main database is an older one, or another, or empty."""
    keys = vault.talks()
    with reading(engine).connect() as connection:
        gone = keys - set(connection.scalars(_LIVING))
    if not gone or audit.rolled_back(vault.engine, engine):
        return set()
    # A chat that is being stored just now has a key and no row that can be seen: whoever stores one is waited for.
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE conversation IN SHARE MODE"))
        living = set(connection.scalars(_LIVING))
    return gone - living if living else set()
