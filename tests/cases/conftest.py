"""Cases over a real database of each kind, with a keystore beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from bot.cases.files import Cases, Change
from bot.store.db import connect
from bot.store.seal import Sealer
from bot.store.tables import audit
from bot.store.vault import Vault
from tests.conftest import Clock

Changing = Callable[[], AbstractContextManager[Change]]


@pytest.fixture
def vault(tmp_path: Path, sealer: Sealer) -> Vault:
    return Vault(connect(f"sqlite:///{tmp_path / 'keys.db'}"), sealer)


@pytest.fixture
def cases(engine: Engine, sealer: Sealer, vault: Vault) -> Cases:
    return Cases(engine, sealer, vault)


@pytest.fixture
def changing(cases: Cases, clock: Clock) -> Changing:
    return lambda: cases.changing("dana", clock.now)


@pytest.fixture
def actions(engine: Engine) -> Callable[[], list[str]]:
    """What the audit log says was done, in order."""

    def read() -> list[str]:
        with engine.connect() as connection:
            return [row.action for row in connection.execute(select(audit.c.action).order_by(audit.c.number))]

    return read
