"""A bounded load of signed webhooks, and a Twilio that notes when each answer came."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from bench.stack import SENDER, SID, TOKEN, Stack, free_port

ANSWER_LIMIT_S = 60.0
_numbers = itertools.count(1)


@dataclass
class Notes:
    """When the first answer to each person was handed to the provider (monotonic seconds)."""

    first: dict[str, float] = field(default_factory=dict)
    contents: int = 0


@dataclass
class Result:
    """What one load showed. Times in milliseconds; `unanswered` counts within ANSWER_LIMIT_S."""

    sent: int
    unanswered: int
    webhook_ms: list[float]
    turn_ms: list[float]
    seconds: float


@contextlib.asynccontextmanager
async def twilio(notes: Notes) -> AsyncIterator[str]:
    """The note-taking provider on loopback; yields its address."""

    async def create(request: Request) -> Response:
        form = await request.form()
        notes.first.setdefault(str(form["To"]), time.monotonic())
        return JSONResponse({"sid": f"SM{next(_numbers):032d}", "status": "queued", "to": form["To"]}, 201)

    async def content(request: Request) -> Response:
        notes.contents += 1
        return JSONResponse({"sid": f"HX{next(_numbers):032d}"}, 201)

    routes = [
        Route("/2010-04-01/Accounts/{sid}/Messages.json", create, methods=["POST"]),
        Route("/v1/Content", content, methods=["POST"]),
    ]
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def load(stack: Stack, notes: Notes, texts: Sequence[str], count: int, per_second: float | None) -> Result:
    """`count` messages, each from a person of its own; at `per_second`, or all at once when None."""
    people = [f"whatsapp:+1202{next(_numbers):07d}" for _ in range(count)]
    sent_at: dict[str, float] = {}
    webhook: list[float] = []
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(timeout=ANSWER_LIMIT_S, limits=limits) as client:

        async def one(person: str, text: str) -> None:
            form = {
                "MessageSid": f"SM{next(_numbers):032d}",
                "AccountSid": SID,
                "From": person,
                "To": SENDER,
                "Body": text,
                "NumMedia": "0",
            }
            signature = RequestValidator(TOKEN).compute_signature(stack.sign_url, ImmutableMultiDict(form))  # type: ignore[no-untyped-call]
            sent_at[person] = time.monotonic()
            answer = await client.post(stack.webhook, data=form, headers={"X-Twilio-Signature": signature})
            answer.raise_for_status()
            webhook.append((time.monotonic() - sent_at[person]) * 1000)

        started = time.monotonic()
        tasks = []
        for index, person in enumerate(people):
            if per_second:
                await asyncio.sleep(max(0.0, started + index / per_second - time.monotonic()))
            tasks.append(asyncio.create_task(one(person, texts[index % len(texts)])))
        await asyncio.gather(*tasks, return_exceptions=True)
        limit = time.monotonic() + ANSWER_LIMIT_S
        while time.monotonic() < limit and not all(person in notes.first for person in people):
            await asyncio.sleep(0.02)
    turns = [(notes.first[p] - sent_at[p]) * 1000 for p in people if p in notes.first]
    last = max((notes.first[p] for p in people if p in notes.first), default=time.monotonic())
    return Result(count, count - len(turns), webhook, turns, last - started)
