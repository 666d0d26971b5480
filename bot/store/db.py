"""One database engine for SQLite (write-ahead log) and PostgreSQL, and its migrations."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_MS = 5000
_READING, _WRITING = "hearth_reading", "hearth_writing"


class SchemaError(Exception):
    """The database's schema is not the one this release works with; the text says what to run."""


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _OneWriter
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged message survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten: a destroyed key above all
    cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
    cursor.close()


class _OneWriter:
    """SQLite has one writer at a time; within this process they queue here.

    Left to SQLite, a writer that finds another sleeps for up to a tenth of a second and tries again, without order, and
    twenty messages a second become a crowd. A transaction that only reads (see `reading`) waits for nobody.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get(_READING):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get(_WRITING):
            # Should the one before hang, SQLite itself says so.
            connection.info[_WRITING] = self._turn.acquire(timeout=LOCK_WAIT_MS / 1000)
        # A deferred transaction that reads and then writes fails at once when another process wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def end(self, _connection: Any, record: Any) -> None:
        if record.info.pop(_WRITING, False):
            self._turn.release()


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: on SQLite they neither wait for a writer nor hold one up."""
    return engine.execution_options(**{_READING: True})


def connect(url: str) -> Engine:
    """An engine for `url`; SQLite's folder is made when missing. Does not migrate."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            connect_args={"timeout": LOCK_WAIT_MS / 1000},
            pool_size=8,
            max_overflow=24,
            pool_timeout=5,
            hide_parameters=True,
        )
        writer = _OneWriter()
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", writer.begin)
        event.listen(engine, "checkin", writer.end)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    limits = {"connect_timeout": 2, "tcp_user_timeout": 3000, "options": "-c statement_timeout=5000 -c lock_timeout=3000"}
    return create_engine(
        parsed, pool_pre_ping=True, pool_size=8, max_overflow=24, pool_timeout=5, hide_parameters=True, connect_args=limits
    )


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Brings the schema to this release's version."""
    command.upgrade(_config(engine), "head")


def check_schema(engine: Engine) -> None:
    """Raises SchemaError unless the schema is exactly this release's: an older one needs `hearth migrate`."""
    head = ScriptDirectory.from_config(_config(engine)).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config(engine)).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaError(f"the database is of a newer release ({current}): install that release, do not run this one on it.")
    raise SchemaError("the database is not up to date: run `hearth migrate` first.")
