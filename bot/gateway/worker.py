"""Takes messages from the inbox, runs the turn, commits what it decided. Any number of workers may run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import phonenumbers
import structlog

from bot.channels.base import Capabilities, ChannelName, Part
from bot.channels.render import render
from bot.gateway.commit import Committer, LeaseLost
from bot.gateway.inbox import Claim, Inbox
from bot.gateway.loop import Wake, forever
from bot.gateway.metrics import TURN_SECONDS, TURNS
from bot.gateway.turn import Stage, Turn, run
from bot.i18n.answers import Answers, Choice
from bot.i18n.bidi import clean

log = structlog.get_logger()
RETRY_AFTER = (timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=8))


def country_of(address: str) -> str | None:
    """The country of a phone number ("PH"), or None where the address does not tell."""
    number = address.removeprefix("whatsapp:")
    if not number.startswith("+"):
        return None
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


class Worker:
    """One loop over the inbox; `wake` is set when something was stored."""

    def __init__(
        self,
        inbox: Inbox,
        committer: Committer,
        stages: Sequence[Stage],
        answers: Answers,
        capabilities: dict[ChannelName, Capabilities],
        clock: Callable[[], datetime],
        wake: Wake,
        wake_senders: Mapping[ChannelName, Wake],
    ) -> None:
        self._inbox, self._committer, self._stages, self._answers = inbox, committer, stages, answers
        self._capabilities, self._clock, self._wake, self._wake_senders = capabilities, clock, wake, wake_senders

    async def run(self) -> None:
        """Works until cancelled; a database that is down only makes it wait."""
        await forever(self.step, self._wake)

    async def step(self) -> bool:
        """Handles one message; False when none waits."""
        claim = await asyncio.to_thread(self._inbox.claim, self._clock())
        if claim is None:
            return False
        with TURN_SECONDS.time():
            await self._handle(claim)
        return True

    async def _handle(self, claim: Claim) -> None:
        turn = self._turn(claim)
        try:
            await run(turn, self._stages)
            parts = self._parts(turn)
        except asyncio.CancelledError:
            # The process stops: the message is free for another at once, not only when the lease ends.
            await asyncio.shield(asyncio.to_thread(self._inbox.retry, claim, self._clock()))
            raise
        except Exception as error:
            log.warning("turn failed", inbox_id=claim.inbox_id, attempt=claim.attempts, kind=type(error).__name__)
            if claim.attempts <= len(RETRY_AFTER):
                await asyncio.to_thread(self._inbox.retry, claim, self._clock() + RETRY_AFTER[claim.attempts - 1])
                return
            turn = self._apology(claim, turn)
            parts = self._parts(turn)
        try:
            await asyncio.to_thread(self._committer.commit, turn, parts)
        except LeaseLost:
            log.warning("lease lost", inbox_id=claim.inbox_id)
            return
        TURNS.labels(turn.inbound.channel.value, turn.outcome).inc()
        if turn.inbound.channel in self._wake_senders:
            self._wake_senders[turn.inbound.channel].set()

    def _apology(self, claim: Claim, failed: Turn) -> Turn:
        """A turn that says sorry, in the language that was recognised, and brings a person."""
        turn = self._turn(claim)
        if failed.locale_state not in ("unknown", "choosing"):
            turn.locale, turn.locale_state = failed.locale, failed.locale_state
        turn.say(self._answers, "utter_apology")
        turn.finish("failed")
        return turn

    def _turn(self, claim: Claim) -> Turn:
        talk = claim.conversation
        offered = talk["offered"] or {"ids": {}, "last": []}
        return Turn(
            claim,
            claim.inbound,
            self._clock(),
            text=clean(claim.inbound.text),
            locale=talk["locale"] or "en",
            locale_state=talk["locale_state"],
            country=country_of(claim.inbound.address),
            offered=dict(offered["ids"]),
            last_choices=[Choice(title, payload) for title, payload in offered["last"]],
            kept_inbox_id=talk["kept_inbox_id"],
            secret=dict(talk["secret"]) if talk["secret"] else None,
            proved_person_id=talk["proved_person_id"],
            proved_until=talk["proved_until"],
            hidden_at=talk["hidden_at"],
        )

    def _parts(self, turn: Turn) -> list[Part]:
        capabilities = self._capabilities[turn.inbound.channel]
        hint = self._answers.render("utter_choice_hint", turn.locale).text
        label = self._answers.render("utter_choice_label", turn.locale).text
        parts = [
            part
            for reply in turn.replies
            for part in render(reply.text, reply.choices, capabilities, turn.locale, hint=hint, label=label)
        ]
        if turn.removals and capabilities.can_delete:
            parts.append(Part("", removals=tuple(turn.removals)))
        return parts
