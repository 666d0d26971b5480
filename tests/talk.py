"""A whole gateway in the test's own process, driven like a phone.

The database, the stages, the answers and the catalogues are real. The provider is a channel that records, and Rasa is a
stand-in that speaks the `hearth` channel's contract with scripted replies: what Rasa itself chooses is tested with a
trained model in tests/talks and tests/brain.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import httpx
from sqlalchemy import Engine, Table, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.base import ChannelName, Inbound, Kind, Outcome, Part, SendResult
from bot.consent.desk import open_desk
from bot.consent.guard import Guard
from bot.gateway.commit import Committer
from bot.gateway.contacts import Contacts
from bot.gateway.inbox import Inbox
from bot.gateway.limits import Limits
from bot.gateway.loop import Wake
from bot.gateway.outbox import Outbox
from bot.gateway.rasa import Rasa
from bot.gateway.sender import Sender
from bot.gateway.services import CAPABILITIES, stages
from bot.gateway.worker import Worker
from bot.i18n.answers import Answers
from bot.i18n.detect import Detector
from bot.safety.recogniser import Recogniser
from bot.settings import ROOT
from bot.store.db import connect
from bot.store.seal import Sealer
from bot.store.tables import inbox, outbox, ticket
from bot.store.vault import of_talk

PHONES = {ChannelName.SMS: "+15550001111", ChannelName.WHATSAPP: "whatsapp:+639170000000", ChannelName.TELEGRAM: "424242"}


class RecordingChannel:
    """Takes every part; `results` are given out first, in order."""

    def __init__(self, name: ChannelName) -> None:
        self.name, self.capabilities = name, CAPABILITIES[name]
        self.parts: list[Part] = []
        self.removed: list[str] = []
        self.attempts: list[int] = []
        self.results: list[SendResult] = []
        self.found: SendResult | None = None

    async def send(self, address: str, part: Part, outbox_id: int) -> SendResult:
        self.attempts.append(outbox_id)
        result = self.results.pop(0) if self.results else SendResult(Outcome.SENT, f"id-{len(self.attempts)}")
        if result.outcome is Outcome.SENT:
            self.parts.append(part)
        return result

    async def remove(self, address: str, messages: Sequence[str]) -> SendResult:
        self.removed += messages
        return SendResult(Outcome.SENT)

    async def find(self, address: str, part: Part, outbox_id: int, since: datetime) -> SendResult | None:
        return self.found


class RasaStandIn:
    """Speaks the contract of Rasa's `hearth` channel. `answer` maps a request to (status, body)."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, Any]] = lambda _: (200, said("utter_ask_cost", "It is free at USCIS."))
        app = Starlette(routes=[Route("/webhooks/hearth/webhook", self._turn, methods=["POST"])])
        self.transport = httpx.ASGITransport(app)

    async def _turn(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        status, answer = self.answer(body)
        return JSONResponse(answer, status)


def said(response: str, text: str, choices: tuple[tuple[str, str], ...] = (), **custom: Any) -> dict[str, Any]:
    """One message as Rasa's channel gives it."""
    listed = [{"title": title, "payload": payload} for title, payload in choices]
    return {
        "intent": {"name": "x", "confidence": 1},
        "messages": [{"response": response, "text": text, "choices": listed, "custom": custom}],
    }


class Talk:
    """A conversation to write in a test: `await talk.says("hola")`, then look at `talk.heard`."""

    numbers = itertools.count(1)

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        clock: Callable[[], datetime],
        channel: ChannelName,
        answers: Answers,
        rasa: Rasa | None = None,
        keystore: Engine | None = None,
    ) -> None:
        self.engine, self.sealer, self.clock, self.channel_name = engine, sealer, clock, channel
        self.rasa, self.answers = RasaStandIn(), answers
        client = rasa or Rasa("http://rasa", "token", transport=self.rasa.transport)
        self.channel = RecordingChannel(channel)
        wake, wake_sender = Wake(), Wake()
        detector, recogniser = loaded()
        self.keystore = keystore or connect(f"sqlite:///{tempfile.mkdtemp()}/keys.db")
        self.desk = open_desk(engine, self.keystore, sealer, answers)
        self.vault = self.desk.vault
        self.inbox = Inbox(engine, sealer, self.vault)
        self.outbox = Outbox(engine, self.vault, Guard(self.desk).allows)
        committer = Committer(engine, self.vault, self.outbox)
        steps = stages(answers, self.inbox, client, detector, recogniser, self.desk)
        self.worker = Worker(self.inbox, committer, steps, answers, CAPABILITIES, clock, wake, {})
        limits = Limits(dict.fromkeys(ChannelName, 1000.0))
        self.sender = Sender(self.outbox, Contacts(engine), self.channel, limits, clock, wake_sender, random.Random(1))
        self.heard: list[Part] = []

    def send(self, text: str = "", **changes: Any) -> Inbound:
        """Stores a message without handling it."""
        values: dict[str, Any] = {
            "channel": self.channel_name,
            "provider_message_id": f"m{next(self.numbers)}",
            "address": PHONES[self.channel_name],
            "kind": Kind.TEXT,
            "text": text,
        }
        inbound = Inbound(**{**values, **changes})
        self.inbox.store(inbound, self.clock())
        return inbound

    async def settle(self) -> list[Part]:
        """Handles and sends everything that is due; returns what was heard since the last call."""
        while await self.worker.step():
            pass
        while await self.sender.step():
            pass
        fresh = self.channel.parts[len(self.heard) :]
        self.heard = list(self.channel.parts)
        return fresh

    async def says(self, text: str = "", **changes: Any) -> list[Part]:
        """Sends one message and returns what was answered."""
        self.send(text, **changes)
        return await self.settle()

    async def taps(self, title: str) -> list[Part]:
        """Taps the button with this title on the latest message that has it."""
        found = next(c for part in reversed(self.heard) for c in part.choices if c.title == title)
        return await self.says("", kind=Kind.TAP, choice_id=found.id)

    def tickets(self) -> list[tuple[str, str]]:
        """Reason and urgency of every ticket, in order."""
        with self.engine.connect() as connection:
            return [(row.reason, row.urgency) for row in connection.execute(select(ticket).order_by(ticket.c.id))]

    def states(self) -> list[str]:
        """The outbox rows' states, in order."""
        with self.engine.connect() as connection:
            return [row.state for row in connection.execute(select(outbox).order_by(outbox.c.id))]

    def attempts(self) -> list[int]:
        """How often each outbox row was tried, in order."""
        with self.engine.connect() as connection:
            return [row.attempts for row in connection.execute(select(outbox).order_by(outbox.c.id))]

    def texts(self, table: Table) -> list[str]:
        """The texts that stand in the inbox or the outbox, in order; empty where one was let go of."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        return [self.vault.open(of_talk(row.conversation_id), row.body)["text"] if row.body else "" for row in rows]

    def outcomes(self) -> list[str | None]:
        """The inbox rows' outcomes, in order."""
        with self.engine.connect() as connection:
            return [row.outcome for row in connection.execute(select(inbox).order_by(inbox.c.id))]


@cache
def loaded() -> tuple[Detector, Recogniser]:
    """What takes a second to load, once for all talks."""
    return Detector.load(ROOT / "data" / "nlu"), Recogniser.load(ROOT / "data" / "safety")


def load_answers() -> Answers:
    """The project's own texts."""
    return Answers.load(ROOT)
