"""Shared parts: a real database of each kind, a clock that is told the time, and a gateway whose peers are at hand."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine

from bot.store.db import connect, migrate
from bot.store.seal import Sealer

# Speed is measured in `make bench`, never in a test: a busy machine must not fail a property.
settings.register_profile("hearth", deadline=None)
settings.load_profile("hearth")

POSTGRES = os.environ.get("HEARTH_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
KEYS = ["k" * 40]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(KEYS)


def _postgres_answers() -> bool:
    try:
        psycopg.connect(f"{POSTGRES}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind; PostgreSQL is skipped loudly where no server answers."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hearth.db'}"
        return
    if not _postgres_answers():
        pytest.skip("NO POSTGRESQL ANSWERS on 127.0.0.1:5432 (set HEARTH_TEST_POSTGRES)")
    name = f"hearth_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{POSTGRES}/{name}"
    finally:
        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


#: What the tests write as if it were a person's own; none of it may ever be printed or logged by the code under test.
PLANTED = ("639170000000", "15550001111", "maria@example.com", "P1234567", "he has a knife", "twilio-token", "telegram-secret")
_leaks: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Reads everything a passed test printed and logged."""
    if report.when == "call" and report.passed:
        printed = "\n".join(text for _, text in report.sections)
        _leaks.extend(f"{report.nodeid}: {planted!r}" for planted in PLANTED if planted in printed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A leak fails the whole run."""
    if _leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which test leaked what."""
    for leak in _leaks:
        terminalreporter.write_line(f"LEAKED INTO THE LOG: {leak}", red=True)
