"""The place where codes and PINs are taken, so that they never reach Rasa or a log; and our own private buttons."""

from __future__ import annotations

import asyncio
import json

from bot.channels.base import Kind
from bot.consent.talk import PrivateTalk
from bot.gateway.turn import Turn

PAYLOAD = "/private"


class SecretStage:
    """Ends the turn when the message was a code, a PIN or a private button; all other messages pass."""

    name = "secret"

    def __init__(self, private: PrivateTalk) -> None:
        self._private = private

    async def process(self, turn: Turn) -> None:
        if turn.locale_state == "choosing":
            return
        if turn.payload.startswith(PAYLOAD):
            answer = str(json.loads(turn.payload.removeprefix(PAYLOAD))["answer"])
            await asyncio.to_thread(self._private.chosen, turn, answer)
            turn.finish("private")
        elif (
            not turn.payload
            and turn.inbound.kind in (Kind.TEXT, Kind.EDITED)
            and await asyncio.to_thread(self._private.typed, turn)
        ):
            turn.finish("private")
