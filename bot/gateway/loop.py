"""The loop of workers and senders: step while there is work, else sleep until woken; no error ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()
IDLE_S = 1.0


async def forever(step: Callable[[], Awaitable[bool]], wake: asyncio.Event) -> None:
    """Calls `step` until cancelled. What a step had in hand when it failed is taken up again when its lease ends."""
    while True:
        try:
            busy = await step()
        except Exception as error:
            log.error("step failed", kind=type(error).__name__, cause=type(getattr(error, "orig", None)).__name__)
            busy = False
        if not busy:
            wake.clear()
            try:
                await asyncio.wait_for(wake.wait(), IDLE_S)
            except TimeoutError:
                continue
