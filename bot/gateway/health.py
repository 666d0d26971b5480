"""Is the service alive, is it ready, and how is it doing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.gateway import metrics
from bot.gateway.services import Services
from bot.handoff.tickets import open_count
from bot.store.db import reading


def _answers(engine: Engine) -> bool:
    try:
        with reading(engine).connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


class Health:
    """The routes `/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def alive(self, request: Request) -> Response:
        """200 while the process answers at all."""
        return PlainTextResponse("ok")

    async def ready(self, request: Request) -> Response:
        """200 when database, keystore, Rasa (with a model) and action server answer; else 503, saying which does not."""
        database, keystore, rasa, actions = await asyncio.gather(
            asyncio.to_thread(_answers, self._services.engine),
            asyncio.to_thread(_answers, self._services.keystore),
            self._services.rasa.ready(),
            self._actions(),
        )
        parts: dict[str, Any] = {"database": database, "keystore": keystore, "rasa": rasa, "actions": actions}
        return JSONResponse({"ready": all(parts.values()), **parts}, 200 if all(parts.values()) else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus' text format."""
        with suppress(SQLAlchemyError):  # the counters are worth reading even when the database is not
            await asyncio.to_thread(self._gauges)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def _actions(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=3) as client:
                return (await client.get(f"{self._services.settings.actions_url}/health")).status_code == 200
        except httpx.HTTPError:
            return False

    def _gauges(self) -> None:
        services = self._services
        waiting, oldest = services.inbox.backlog()
        metrics.INBOX_WAITING.set(waiting)
        metrics.OLDEST_WAITING.set((services.clock() - oldest).total_seconds() if oldest else 0)
        metrics.OUTBOX_WAITING.set(services.outbox.backlog()[0])
        metrics.SPOOL_BYTES.set(services.spool.size())
        for urgency in ("urgent", "high", "normal"):
            metrics.TICKETS_OPEN.labels(urgency).set(open_count(services.engine).get(urgency, 0))
