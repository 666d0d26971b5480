"""The phones page: three phones in a browser, everything they do carried by the stand-ins to the gateway's real webhooks.

For this machine only: it shows the console's login, so it answers to the loopback names alone, takes orders as JSON only
(which another site's page cannot send) and asks nothing of any other host.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from bot.channels.base import ChannelName
from bot.demo.lines import Line, TelegramLine, TwilioHandsets, TwilioLine
from bot.demo.phones import Phone, Phones, spaced
from bot.demo.telegram_stand_in import TelegramStandIn
from bot.demo.twilio_stand_in import TwilioStandIn
from bot.demo.words import Words

HERE = Path(__file__).parent
LONGEST_TEXT = 1600
HEARTBEAT_S = 15.0
HOSTS = ["127.0.0.1", "localhost", "[::1]"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Accounts:
    """The invented accounts: the gateway is given the same values."""

    twilio_sid: str
    twilio_token: str
    sms_from: str
    whatsapp_from: str
    telegram_token: str


@dataclass(frozen=True)
class Login:
    """How to sign in to the console, shown beside the phones."""

    url: str
    name: str
    password: str


class NoSuchThing(Exception):
    """The phone, message or button is not there (any more)."""


def application(
    gateway: str, accounts: Accounts, login: Login, words: Words, clock: Callable[[], datetime], chance: random.Random
) -> Starlette:
    """The page with its stand-ins under /twilio and /telegram; `gateway` is its public address without a slash at the end."""
    client = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=20))
    phones = Phones(clock, chance)
    sms = TwilioLine(phones, ChannelName.SMS, accounts.sms_from, words.carrier)
    whatsapp = TwilioLine(phones, ChannelName.WHATSAPP, accounts.whatsapp_from, words.carrier)
    telegram = TelegramLine(phones)
    senders = (accounts.sms_from, accounts.whatsapp_from)
    webhook, handsets = f"{gateway}/webhooks/twilio", TwilioHandsets(sms, whatsapp)
    twilio = TwilioStandIn(accounts.twilio_sid, accounts.twilio_token, senders, webhook, handsets, clock, client)
    sms.stand_in = whatsapp.stand_in = twilio
    telegram.stand_in = TelegramStandIn(accounts.telegram_token, telegram, clock, client)
    lines: dict[ChannelName, Line] = {
        ChannelName.WHATSAPP: whatsapp,
        ChannelName.SMS: sms,
        ChannelName.TELEGRAM: telegram,
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await twilio.close()
        await telegram.stand_in.close()
        await client.aclose()

    page = Page(phones, lines, words, login, {"whatsapp": accounts.whatsapp_from, "sms": accounts.sms_from})
    return Starlette(
        routes=[
            *page.routes(),
            Mount("/static", StaticFiles(directory=HERE / "static")),
            Mount("/twilio", routes=twilio.routes()),
            Mount("/telegram", routes=telegram.stand_in.routes()),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        exception_handlers={NoSuchThing: _gone, ValueError: _bad},
        lifespan=lifespan,
    )


async def _gone(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "gone"}, 404)


async def _bad(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "bad request"}, 400)


class Page:
    """The routes a browser uses."""

    def __init__(
        self, phones: Phones, lines: Mapping[ChannelName, Line], words: Words, login: Login, services: Mapping[str, str]
    ) -> None:
        self._phones, self._lines, self._words, self._login, self._services = phones, lines, words, login, services
        self._templates = Jinja2Templates(HERE / "templates")
        self._under_way: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Page, events, and what a person does."""
        return [
            Route("/", self._show),
            Route("/events", self._events),
            Route("/phones", self._new, methods=["POST"]),
            Route("/phones/{phone}/send", self._send, methods=["POST"]),
            Route("/phones/{phone}/tap", self._tap, methods=["POST"]),
            Route("/phones/{phone}/edit", self._edit, methods=["POST"]),
            Route("/phones/{phone}/look", self._look, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        values = {
            "login": self._login,
            "channels": [
                {
                    "name": name.value,
                    "attachments": line.attachments,
                    "edits": line.edits,
                    "service": spaced(self._services.get(name.value, "").removeprefix("whatsapp:")),
                }
                for name, line in self._lines.items()
            ],
            "words": self._words.shown(),
        }
        return self._templates.TemplateResponse(request, "phones.html", values, headers=HEADERS)

    async def _events(self, request: Request) -> Response:
        ids = request.query_params.get("phones", "").split(",")[:9]

        async def stream() -> AsyncIterator[str]:
            with self._phones.watch(ids) as queue:
                for phone_id in ids:
                    phone = self._phones.get(phone_id)
                    yield _event(self._phones.screen(phone) if phone else {"event": "gone", "phone": phone_id})
                while True:
                    try:
                        yield _event(await asyncio.wait_for(queue.get(), HEARTBEAT_S))
                    except TimeoutError:
                        yield ": still here\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _new(self, request: Request) -> Response:
        asked = await _json(request)
        country = str(asked.get("country") or "US")
        if country not in self._words.all_countries:
            raise ValueError(country)
        phone = self._phones.new(ChannelName(str(asked.get("channel"))), country, str(asked.get("language") or "en")[:8])
        return JSONResponse(phone.shown(), 201)

    async def _send(self, request: Request) -> Response:
        phone, line, asked = await self._asked(request)
        kind, text = str(asked.get("kind") or "text"), str(asked.get("text") or "").strip()[:LONGEST_TEXT]
        if kind not in ("text", *line.attachments) or (kind == "text" and not text):
            raise ValueError(kind)
        self._phones.remove(phone, [str(asked["again"])] if asked.get("again") else [])
        phone.language = str(asked.get("language") or phone.language)[:8]
        return self._start(line.send(phone, kind, text))

    async def _tap(self, request: Request) -> Response:
        phone, line, asked = await self._asked(request)
        bubble = phone.bubbles.get(str(asked.get("message")))
        button = next((each for each in bubble.buttons if each.id == asked.get("button")), None) if bubble else None
        if bubble is None or button is None:
            raise NoSuchThing
        return self._start(line.tap(phone, bubble, button))

    async def _edit(self, request: Request) -> Response:
        phone, line, asked = await self._asked(request)
        bubble, text = phone.bubbles.get(str(asked.get("message"))), str(asked.get("text") or "").strip()[:LONGEST_TEXT]
        if bubble is None or not bubble.mine or bubble.kind != "text":
            raise NoSuchThing
        if not line.edits or not text:
            raise ValueError(text)
        return self._start(line.edit(phone, bubble, text))

    async def _look(self, request: Request) -> Response:
        phone, line, _ = await self._asked(request)
        line.look(phone)
        return Response(status_code=204)

    async def _asked(self, request: Request) -> tuple[Phone, Line, Mapping[str, Any]]:
        phone = self._phones.get(request.path_params["phone"])
        if phone is None:
            raise NoSuchThing
        return phone, self._lines[phone.channel], await _json(request)

    def _start(self, work: Any) -> Response:
        """Lets `work` go on after the answer: how it ends is seen on the phone's screen."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return Response(status_code=202)


async def _json(request: Request) -> Mapping[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ValueError("not JSON")
    value = await request.json()
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _event(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
