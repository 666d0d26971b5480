"""A flood from one person: twenty messages a minute are answered, then one notice, then silence until it calms down."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.gateway.inbox import Inbox
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers

PER_MINUTE = 20


class ThrottleStage:
    """Counts what this conversation brought in the minute before this message. Runs after crisis: danger is never throttled."""

    name = "throttle"

    def __init__(self, answers: Answers, inbox: Inbox) -> None:
        self._answers, self._inbox = answers, inbox

    async def process(self, turn: Turn) -> None:
        since = turn.claim.received_at - timedelta(minutes=1)
        earlier = await asyncio.to_thread(self._inbox.earlier, turn.claim.conversation["id"], turn.claim.inbox_id, since)
        if earlier < PER_MINUTE:
            return
        if earlier == PER_MINUTE:
            turn.say(self._answers, "utter_throttled")
        turn.finish("throttled")
