"""Verified messages are kept before they are acknowledged: in the database, or in the spool while it is down."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.channels.base import Inbound
from bot.gateway.services import Services

log = structlog.get_logger()
DRAIN_EVERY_S = 2.0


class Intake:
    """The one door for messages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, inbound: Inbound) -> str:
        """ "stored", "repeated" or "spooled"; raises SpoolFull when it can be kept nowhere."""
        services = self._services
        try:
            new = await asyncio.to_thread(services.inbox.store, inbound, services.clock())
        except (DBAPIError, PoolTimeout) as error:
            log.error("database unavailable, spooling", kind=type(error).__name__)
            await asyncio.to_thread(services.spool.write, inbound)
            return "spooled"
        services.wake.set()
        return "stored" if new else "repeated"

    async def drain(self) -> None:
        """Until cancelled: brings spooled messages into the database as soon as it answers."""
        services = self._services
        while True:
            try:
                if services.spool.size():
                    count = await asyncio.to_thread(services.spool.drain, lambda i: services.inbox.store(i, services.clock()))
                    log.info("spool drained", messages=count)
                    services.wake.set()
            except (DBAPIError, PoolTimeout):
                log.warning("spool waits for the database")
            await asyncio.sleep(DRAIN_EVERY_S)
