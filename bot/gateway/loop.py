"""The loop of workers and senders: step while there is work, else sleep until woken; no error ends it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()
IDLE_S = 1.0


class Wake:
    """Wakes one sleeping loop for each piece of work: the others would only find nothing. Used from one event loop."""

    def __init__(self) -> None:
        self._sleeping: deque[asyncio.Future[None]] = deque()
        self._missed = False

    def set(self) -> None:
        """There is work. When nobody sleeps, the next loop that wants to is kept awake."""
        while self._sleeping:
            sleeper = self._sleeping.popleft()
            if not sleeper.done():
                sleeper.set_result(None)
                return
        self._missed = True

    async def wait(self, seconds: float) -> None:
        """Sleeps until there is work, at most `seconds`."""
        if self._missed:
            self._missed = False
            return
        sleeper = asyncio.get_running_loop().create_future()
        self._sleeping.append(sleeper)
        with suppress(TimeoutError):
            await asyncio.wait_for(sleeper, seconds)


async def forever(step: Callable[[], Awaitable[bool]], wake: Wake) -> None:
    """Calls `step` until cancelled. What a step had in hand when it failed is taken up again when its lease ends."""
    while True:
        try:
            busy = await step()
        except Exception as error:
            log.error("step failed", kind=type(error).__name__, cause=type(getattr(error, "orig", None)).__name__)
            busy = False
        if not busy:
            await wake.wait(IDLE_S)
