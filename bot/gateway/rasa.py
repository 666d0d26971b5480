"""The gateway's client for Rasa's `hearth` channel. A failed, empty or odd answer is an error, never an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.i18n.answers import Choice

TIME_LIMIT_S = 15.0


class RasaError(Exception):
    """Rasa did not answer, or not with something that makes sense. The text names the kind, never the content."""


@dataclass(frozen=True)
class RasaReply:
    """One message of Rasa's turn, worded already."""

    response: str
    text: str
    choices: tuple[Choice, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)


class Rasa:
    """One connection pool to one Rasa server."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIME_LIMIT_S, transport=transport)

    async def ask(self, sender: str, text: str, message_id: str, metadata: Mapping[str, Any]) -> list[RasaReply]:
        """One turn; raises RasaError for anything but a complete answer."""
        body = {"sender": sender, "text": text, "message_id": message_id, "metadata": dict(metadata)}
        try:
            response = await self._client.post("/webhooks/hearth/webhook", json=body)
            if response.status_code != 200:
                raise RasaError(f"status {response.status_code}")
            replies = [_reply(each) for each in response.json()["messages"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RasaError(type(error).__name__) from error
        if not any(reply.text or reply.custom for reply in replies):
            raise RasaError("empty turn")
        return replies

    async def ready(self) -> bool:
        """True when Rasa answers and has a model loaded."""
        try:
            response = await self._client.get("/webhooks/hearth/ready", timeout=3)
        except httpx.HTTPError:
            return False
        return response.status_code == 200

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def _reply(value: Mapping[str, Any]) -> RasaReply:
    choices = tuple(Choice(str(c["title"]), str(c["payload"])) for c in value.get("choices") or ())
    return RasaReply(str(value.get("response") or ""), str(value.get("text") or ""), choices, value.get("custom") or {})
