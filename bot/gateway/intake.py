"""Verified messages are kept before they are acknowledged: in the database, or in the spool while it is down."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Inbound
from bot.gateway.services import Services
from bot.store.seal import SealError

log = structlog.get_logger()
DRAIN_EVERY_S = 2.0
STORE_LIMIT_S = 2.5


class Intake:
    """The one door for messages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pool = ThreadPoolExecutor(8, "intake")
        self._spool_pool = ThreadPoolExecutor(2, "spool")

    async def keep(self, inbound: Inbound) -> str:
        """ "stored", "repeated" or "spooled"; raises SpoolFull when it can be kept nowhere."""
        services = self._services
        storing = asyncio.get_running_loop().run_in_executor(self._pool, services.inbox.store, inbound, services.clock())
        try:
            # A database that hangs must not cost the provider's patience. Should the late store succeed after all, the
            # spooled copy changes nothing: both carry the provider's id.
            new = await asyncio.wait_for(storing, STORE_LIMIT_S)
        except (SQLAlchemyError, SealError, TimeoutError) as error:
            log.error("database unavailable, spooling", kind=type(error).__name__)
            await asyncio.get_running_loop().run_in_executor(self._spool_pool, services.spool.write, inbound)
            return "spooled"
        services.wake.set()
        return "stored" if new else "repeated"

    async def drain(self) -> None:
        """Until cancelled: brings spooled messages into the database as soon as it answers."""
        services = self._services
        while True:
            try:
                if services.spool.size():
                    count = await asyncio.to_thread(services.spool.drain, services.inbox.store)
                    log.info("spool drained", messages=count)
                    services.wake.set()
            except SQLAlchemyError:
                log.warning("spool waits for the database")
            except Exception as error:
                log.error("drain failed", kind=type(error).__name__)
            await asyncio.sleep(DRAIN_EVERY_S)
