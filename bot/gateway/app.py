"""The ASGI application: webhooks, health, metrics, console; with the workers and senders of this process beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bot.console.app import console
from bot.gateway.health import Health
from bot.gateway.intake import Intake
from bot.gateway.services import Services
from bot.gateway.webhooks import Webhooks


@asynccontextmanager
async def working(services: Services, intake: Intake, workers: bool = True) -> AsyncIterator[None]:
    """Workers, senders and the spool's drain run inside this context and are cancelled at its end.

    Cancelling is safe at any point: what was not committed is taken up again when its lease ends.
    """
    loops = [intake.drain()]
    if workers:
        loops += [each.run() for each in services.workers] + [each.run() for each in services.senders]
        loops.append(services.upkeep.run())
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await services.rasa.close()
        if services.telegram is not None:
            await services.telegram.bot.shutdown()


def application(services: Services, workers: bool = True) -> Starlette:
    """The gateway; `workers=False` leaves the turns to `hearth worker` processes."""
    intake, health = Intake(services), Health(services)
    webhooks = Webhooks(services, intake)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with working(services, intake, workers):
            yield

    return Starlette(
        routes=[
            Route("/webhooks/twilio", webhooks.twilio, methods=["POST"]),
            Route("/webhooks/twilio/status", webhooks.twilio_status, methods=["POST"]),
            Route("/webhooks/telegram", webhooks.telegram, methods=["POST"]),
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/metrics", health.metrics),
            Mount("/console", console(services)),
        ],
        lifespan=lifespan,
    )
