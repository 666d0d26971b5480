"""Alembic's entry: migrates the engine handed over by `bot.store.db`."""

from typing import Any, Literal

from alembic import context

from bot.store.tables import Utc, metadata


def plain_times(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """A migration stays readable when our own column types change: it names the plain ones."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, Utc) else False


engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, render_item=plain_times)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
