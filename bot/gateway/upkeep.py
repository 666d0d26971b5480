"""What the gateway does by itself between messages: reminders and erasures that are due, the audit log's last line noted apart.

All may run in every process at once; each write is made once by a key of its own. An error costs one round, never the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import Engine

from bot.consent import audit
from bot.consent.erasure import Erasures
from bot.consent.memory import Memory
from bot.consent.reminders import Reminders

log = structlog.get_logger()
EVERY_S = 30.0


class Upkeep:
    """One round every half minute."""

    def __init__(
        self,
        engine: Engine,
        keystore: Engine,
        reminders: Reminders,
        erasures: Erasures,
        memory: Memory,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._keystore, self._reminders, self._clock = engine, keystore, reminders, clock
        self._erasures, self._memory = erasures, memory

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            for step in (self._remind, self._erase, self._remember):
                try:
                    await asyncio.to_thread(step)
                except Exception as error:
                    log.error("upkeep failed", step=step.__name__.strip("_"), kind=type(error).__name__)

    def _remind(self) -> None:
        self._reminders.step(self._clock())

    def _erase(self) -> None:
        self._erasures.run(self._clock(), self._memory)

    def _remember(self) -> None:
        audit.remember_head(self._keystore, self._engine)
