"""Takes parts from the outbox and hands them to the providers, at their pace, each to a stated end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.channels.base import Channel, ChannelName, Outcome, SendResult
from bot.gateway.contacts import Contacts
from bot.gateway.limits import Limits
from bot.gateway.loop import forever
from bot.gateway.metrics import REPLY_SECONDS, SENDS
from bot.gateway.outbox import Outbox, Sending

log = structlog.get_logger()
TRIES = 6
LONGEST_WAIT_S = 60.0
CONFIGURATION_PAUSE = timedelta(seconds=60)
SENDER_PAUSE = timedelta(hours=1)
_ENDS = {
    Outcome.WINDOW: "window",
    Outcome.OPTED_OUT: "opted-out",
    Outcome.UNREACHABLE: "unreachable",
    Outcome.REFUSED: "refused",
}


class Sender:
    """One loop over the outbox. Any number may run; the outbox keeps the order within a conversation."""

    def __init__(
        self,
        outbox: Outbox,
        contacts: Contacts,
        channels: Mapping[ChannelName, Channel],
        limits: Limits,
        clock: Callable[[], datetime],
        wake: asyncio.Event,
        chance: random.Random,
    ) -> None:
        self._outbox, self._contacts, self._channels, self._limits = outbox, contacts, channels, limits
        self._clock, self._wake, self._chance = clock, wake, chance

    async def run(self) -> None:
        """Sends until cancelled."""
        await forever(self.step, self._wake)

    async def step(self) -> bool:
        """Sends one part; False when none is due."""
        now = self._clock()
        sending = await asyncio.to_thread(self._outbox.claim, now, self._limits.paused(now))
        if sending is None:
            return False
        channel = self._channels.get(sending.channel)
        if channel is None:
            await asyncio.to_thread(self._outbox.end, sending.id, "failed", "channel off")
            return True
        await self._limits.wait(sending.channel, sending.conversation_id)
        result = await self._send(channel, sending)
        SENDS.labels(sending.channel.value, result.outcome.value).inc()
        await self._settle(sending, result)
        return True

    async def _send(self, channel: Channel, sending: Sending) -> SendResult:
        if sending.unknown:
            found = await channel.find(sending.address, sending.part, sending.id, sending.created_at)
            if found is None and sending.attempts > 2:
                return SendResult(Outcome.REFUSED, code="may have been sent")
            if found is not None and found.outcome is not Outcome.RETRY:
                return found
        return await channel.send(sending.address, sending.part, sending.id)

    async def _settle(self, sending: Sending, result: SendResult) -> None:
        now = self._clock()
        outcome = result.outcome
        if outcome is Outcome.SENT:
            REPLY_SECONDS.labels(sending.channel.value).observe((now - sending.created_at).total_seconds())
            await asyncio.to_thread(self._outbox.sent, sending.id, result.provider_id, now)
            return
        log.warning("send failed", outbox_id=sending.id, outcome=outcome.value, code=result.code, attempt=sending.attempts)
        if outcome in (Outcome.MISCONFIGURED, Outcome.SENDER_LIMIT):
            pause = CONFIGURATION_PAUSE if outcome is Outcome.MISCONFIGURED else SENDER_PAUSE
            self._limits.pause(sending.channel, now + pause)
            await asyncio.to_thread(self._outbox.again, sending.id, now + pause, result.code)
        elif outcome in (Outcome.RETRY, Outcome.UNKNOWN) and sending.attempts < TRIES:
            code = "unknown" if outcome is Outcome.UNKNOWN else result.code
            await asyncio.to_thread(self._outbox.again, sending.id, now + self._wait(sending, result), code)
        else:
            await asyncio.to_thread(self._contacts.send_failed, sending.conversation_id, outcome, now)
            await asyncio.to_thread(self._outbox.end, sending.id, "failed", _ENDS.get(outcome, result.code or outcome.value))

    def _wait(self, sending: Sending, result: SendResult) -> timedelta:
        """Full jitter, exponential, at most a minute; what the provider asked for counts first."""
        if result.wait is not None:
            return timedelta(seconds=result.wait)
        return timedelta(seconds=self._chance.uniform(0.5, min(LONGEST_WAIT_S, 2.0**sending.attempts)))
