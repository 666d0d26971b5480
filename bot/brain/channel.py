"""The only door to Rasa: one JSON request a message, one JSON answer with every reply of the turn.

`POST /webhooks/hearth/webhook` takes `{"sender", "text", "message_id", "metadata"}` and a bearer token. Any failure is a
5xx with `{"error": ...}` and leaves no trace of the turn; there is never a 200 with half a reply, and no second try is
made here. Only a message with `metadata.payload` true is read as a button's payload: what somebody typed can never name
an intent or fill an entity. Nothing here logs or returns what people write.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.brain.turn import QuietChannel, TurnFailed, take_turn

logger = logging.getLogger(__name__)

#: Below the 15 seconds that the gateway waits, so that it hears why.
TURN_SECONDS = 12.0
LONGEST_TEXT = 4000
#: Everything that Rasa or a reader could take for the slash of a payload, and what may stand before it.
_SLASHES = re.compile(r"^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff/\\\uff0f\u2044\u2215\u29f8]+")
_PAYLOAD = re.compile(r"/([a-z_]+)(\{.*\})?", re.DOTALL)
#: Intents of Rasa's own that steer a talk; no button of ours carries them.
_RASAS_OWN = frozenset({"restart", "back", "session_start", "out_of_scope_fallback", "nlu_fallback"})


class BadRequest(Exception):
    """The request is not one of ours; the text says what is wrong, without its content."""


class HearthInput(InputChannel):
    """Rasa's input channel for the gateway."""

    def __init__(self, token: str, seconds: float = TURN_SECONDS) -> None:
        self._token = token
        self._seconds = seconds

    @classmethod
    def name(cls) -> str:
        """The word in the address."""
        return "hearth"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> HearthInput:
        """Refuses to start without HEARTH_RASA_TOKEN: an open door would let anyone talk as anyone."""
        token = os.environ.get("HEARTH_RASA_TOKEN") or (credentials or {}).get("token") or ""
        if len(token) < 16:
            raise RasaException(
                "HEARTH_RASA_TOKEN is not set (16 characters or more): put the same long random text there as for the gateway."
            )
        return cls(token, float((credentials or {}).get("seconds", TURN_SECONDS)))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The three addresses: webhook, ready, forget. Rasa's own way of handling a message is not used."""
        blueprint = Blueprint("hearth_webhook")

        @blueprint.get("/ready")
        async def ready(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            loaded = bool(agent and agent.is_ready())
            return response.json({"model": agent.model_id if loaded else None}, status=200 if loaded else 503)

        @blueprint.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._turn)

        @blueprint.post("/forget")
        async def forget(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._forget)

        return blueprint

    async def _guarded(
        self, request: Request, answer: Callable[[Agent, dict[str, Any]], Awaitable[dict[str, Any]]]
    ) -> HTTPResponse:
        """Token first, then the work within its time; every failure becomes a status and one line."""
        if not self._may_enter(request):
            return _error(401, "wrong or missing bearer token")
        agent = getattr(request.app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            return _error(503, "no model is loaded")
        try:
            body = request.json
            if not isinstance(body, dict):
                raise BadRequest("the body must be a JSON object")
            return response.json(await asyncio.wait_for(answer(agent, body), self._seconds), ensure_ascii=False)
        except BadRequest as problem:
            return _error(400, str(problem))
        except asyncio.TimeoutError:
            return _error(504, f"the turn took longer than {self._seconds:g} seconds")
        except TurnFailed as failure:
            return _error(502, str(failure))
        except Exception as failure:
            # The class alone: an exception's text may hold what somebody wrote.
            return _error(400 if type(failure).__name__ == "InvalidUsage" else 500, f"the turn failed: {type(failure).__name__}")

    def _may_enter(self, request: Request) -> bool:
        given = request.headers.get("authorization") or ""
        return hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode())

    async def _turn(self, agent: Agent, body: dict[str, Any]) -> dict[str, Any]:
        return await take_turn(agent, message_of(body, set(agent.domain.intents if agent.domain else ())))

    async def _forget(self, agent: Agent, body: dict[str, Any]) -> dict[str, Any]:
        """Erases the memory of one talk, for somebody who wants their data erased."""
        store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
        erase = getattr(store, "forget", None)
        if erase is None:
            raise TurnFailed("this tracker store cannot forget")
        return {"forgotten": int(erase(_text_of(body, "sender", 255)))}


def message_of(body: dict[str, Any], intents: set[str]) -> UserMessage:
    """The message in a request, safe to hand to Rasa. Raises BadRequest."""
    sender = _text_of(body, "sender", 255)
    text = _text_of(body, "text", LONGEST_TEXT)
    message_id = _text_of(body, "message_id", 255)
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    if metadata.get("payload") is True:
        found = _PAYLOAD.fullmatch(text.strip())
        if not found or found[1] not in intents or found[1] in _RASAS_OWN:
            raise BadRequest("the payload names no intent of this model")
    else:
        text = neutral(text)
    return UserMessage(text, QuietChannel(), sender, input_channel=HearthInput.name(), message_id=message_id, metadata=metadata)


def neutral(text: str) -> str:
    """Typed text that cannot be a payload: without slashes (of any kind) and invisible marks at its beginning."""
    return _SLASHES.sub("", text) or "?"


def _text_of(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadRequest(f"{name} must be a text of 1 to {longest} characters")
    return value


def _error(status: int, line: str) -> HTTPResponse:
    logger.warning("hearth channel answered %d: %s", status, line)
    return response.json({"error": line}, status=status)
