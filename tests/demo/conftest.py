"""The stand-ins on a real port, and a webhook on another that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.demo.telegram_stand_in import TelegramStandIn
from bot.demo.twilio_messages import Sms
from bot.demo.twilio_stand_in import TwilioStandIn
from tests.conftest import Clock

ACCOUNT, TOKEN = f"AC{'0' * 32}", "t" * 32
SMS, WHATSAPP = "+12025550123", "whatsapp:+12025550199"
PERSON, PERSON_WHATSAPP = "+639170000001", "whatsapp:+639170000001"
BOT = "1234567890:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
CHAT = 42


@dataclass
class Webhook:
    """What arrived, and the statuses to answer with first (then 200)."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.requests.append((str(request.url), dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def until(self, count: int, within_s: float = 5.0) -> list[tuple[str, dict[str, str], bytes]]:
        """What arrived, once there are `count`."""
        wait_for(lambda: len(self.requests) >= count, within_s)
        return self.requests


@dataclass
class Handsets:
    """Telephones that remember; `on` is whether they are switched on."""

    on: bool = True
    messages: list[Sms] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    said_: list[tuple[int, int, str, Any]] = field(default_factory=list)
    deleted_: list[int] = field(default_factory=list)
    answered_: list[int] = field(default_factory=list)

    def arrived(self, message: Sms) -> bool:
        self.messages.append(message)
        return self.on

    def became(self, message: Sms) -> None:
        self.statuses.append(message.status)

    def carrier(self, number: str, word: str) -> None:
        self.carried.append(word)

    def said(self, chat: int, message_id: int, text: str, keyboard: list[list[dict[str, str]]]) -> None:
        self.said_.append((chat, message_id, text, keyboard))

    def deleted(self, chat: int, message_ids: list[int]) -> None:
        self.deleted_ += message_ids

    def answered(self, chat: int, message_id: int) -> None:
        self.answered_.append(message_id)

    def typing(self, chat: int) -> None:
        self.carried.append("typing")


@dataclass
class World:
    """Everything a test needs; `on_loop` runs something of the stand-ins in their own loop."""

    base: str
    webhook: Webhook
    handsets: Handsets
    twilio: TwilioStandIn
    telegram: TelegramStandIn
    clock: Clock
    loop: asyncio.AbstractEventLoop

    def on_loop(self, work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            result = work()
            return await result if asyncio.iscoroutine(result) or asyncio.isfuture(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(20)


def wait_for(holds: Callable[[], object], within_s: float = 5.0) -> None:
    """Returns when `holds` does; fails when it does not in time."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    """Fresh stand-ins."""
    webhook, handsets = Webhook(), Handsets()
    made: dict[str, Any] = {}

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        client = httpx.AsyncClient()
        made["loop"] = asyncio.get_running_loop()
        made["twilio"] = TwilioStandIn(ACCOUNT, TOKEN, (SMS, WHATSAPP), f"{webhook.url}/in", handsets, clock, client)
        made["telegram"] = TelegramStandIn(BOT, handsets, clock, client)
        app.router.routes += [
            Mount("/twilio", routes=made["twilio"].routes()),
            Mount("/telegram", routes=made["telegram"].routes()),
        ]
        yield
        await made["twilio"].close()
        await made["telegram"].close()
        await client.aclose()

    hooked = Starlette(routes=[Route("/{rest:path}", webhook.take, methods=["POST"])])
    with served(hooked) as webhook.url, served(Starlette(lifespan=lifespan)) as base:
        yield World(base, webhook, handsets, made["twilio"], made["telegram"], clock, made["loop"])
