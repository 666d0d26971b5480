"""Takes parts from the outbox and hands them to the providers, at their pace, each to a stated end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.channels.base import Channel, Outcome, SendResult
from bot.gateway.contacts import Contacts
from bot.gateway.limits import Limits
from bot.gateway.loop import Wake, forever
from bot.gateway.metrics import REPLY_SECONDS, SENDS
from bot.gateway.outbox import Outbox, Sending

log = structlog.get_logger()
TRIES = 6
GIVE_UP_AFTER = timedelta(minutes=15)
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
    """One loop over the outbox for one channel, so that a slow channel holds up no other. Any number may run."""

    def __init__(
        self,
        outbox: Outbox,
        contacts: Contacts,
        channel: Channel,
        limits: Limits,
        clock: Callable[[], datetime],
        wake: Wake,
        chance: random.Random,
    ) -> None:
        self._outbox, self._contacts, self._channel, self._limits = outbox, contacts, channel, limits
        self._clock, self._wake, self._chance = clock, wake, chance

    async def run(self) -> None:
        """Sends until cancelled."""
        await forever(self.step, self._wake)

    async def step(self) -> bool:
        """Sends one part; False when none is due."""
        now, name = self._clock(), self._channel.name
        if self._limits.paused(name, now):
            return False
        sending = await asyncio.to_thread(self._outbox.claim, now, name)
        if sending is None:
            return False
        await self._limits.wait(name, sending.conversation_id)
        result = await self._send(sending)
        SENDS.labels(name.value, result.outcome.value).inc()
        await self._settle(sending, result)
        return True

    async def _send(self, sending: Sending) -> SendResult:
        if sending.part.removals:
            return await self._channel.remove(sending.address, sending.part.removals)
        if sending.unknown:
            found = await self._channel.find(sending.address, sending.part, sending.id, sending.created_at)
            if found is None and sending.unknowns > 1:
                return SendResult(Outcome.REFUSED, code="may have been sent")
            if found is not None and found.outcome is Outcome.SENT:
                if not await asyncio.to_thread(self._outbox.known, [found.provider_id]):
                    return found
            elif found is not None and found.outcome is not Outcome.RETRY:
                return found
        try:
            return await self._channel.send(sending.address, sending.part, sending.id)
        except Exception as error:  # a channel promises a result; should it break the promise, the part may have gone out
            log.error("channel failed", channel=self._channel.name.value, kind=type(error).__name__)
            return SendResult(Outcome.UNKNOWN, code=type(error).__name__)

    async def _settle(self, sending: Sending, result: SendResult) -> None:
        now, outcome = self._clock(), result.outcome
        if outcome is Outcome.SENT:
            REPLY_SECONDS.labels(sending.channel.value).observe((now - sending.created_at).total_seconds())
            await asyncio.to_thread(self._outbox.sent, sending.id, result.provider_id, now)
            return
        log.warning("send failed", outbox_id=sending.id, outcome=outcome.value, code=result.code, attempt=sending.attempts)
        if outcome in (Outcome.MISCONFIGURED, Outcome.SENDER_LIMIT) and sending.attempts < TRIES:
            pause = SENDER_PAUSE if outcome is Outcome.SENDER_LIMIT else CONFIGURATION_PAUSE
            log.critical("channel cannot send", channel=sending.channel.value, code=result.code)
            self._limits.pause(sending.channel, now + pause)
            # Each time this part waits longer than the channel, so that others are tried before it.
            await asyncio.to_thread(self._outbox.again, sending.id, now + pause * 2**sending.attempts, result.code)
        elif outcome in (Outcome.RETRY, Outcome.UNKNOWN) and now - sending.created_at < GIVE_UP_AFTER:
            code = "unknown" if outcome is Outcome.UNKNOWN else result.code
            await asyncio.to_thread(self._outbox.again, sending.id, now + self._wait(sending, result), code)
        else:
            await asyncio.to_thread(self._contacts.send_failed, sending.conversation_id, outcome, now)
            await asyncio.to_thread(self._outbox.fail, sending.id, _ENDS.get(outcome, result.code or outcome.value), now)

    def _wait(self, sending: Sending, result: SendResult) -> timedelta:
        """Full jitter, exponential, at most a minute; what the provider asked for counts first."""
        if result.wait is not None:
            return timedelta(seconds=result.wait)
        return timedelta(seconds=self._chance.uniform(0.5, min(LONGEST_WAIT_S, 2.0 ** min(sending.attempts, 10))))
