"""One word hides the talk: what the channel can delete is deleted, and until the PIN only neutral words are said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, Row, Select, select

from bot.consent.awaiting import asked_for, digits, remove_typed, unprove
from bot.consent.desk import Desk
from bot.consent.pins import Outcome
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers
from bot.store.db import reading
from bot.store.tables import inbox, link, outbox

#: Telegram lets a bot delete what is younger; the other channels delete nothing.
DELETABLE = timedelta(hours=48)
#: How long the talk of somebody without a PIN stays neutral.
WITHOUT_PIN = timedelta(hours=1)


class QuickExitStage:
    """Runs after crisis: a person in danger is met even in a hidden talk. Never says why a PIN did not open it."""

    name = "quick-exit"

    def __init__(self, answers: Answers, desk: Desk, words: Mapping[str, frozenset[str]]) -> None:
        self._answers, self._desk, self._words = answers, desk, words.get("quick_exit", frozenset())

    async def process(self, turn: Turn) -> None:
        word = turn.text.casefold().strip(" .!?؟。")
        if word and word in self._words and not turn.payload:
            turn.removals += await asyncio.to_thread(self._messages, turn)
            turn.hidden_at = turn.now
            unprove(turn)
            turn.last_choices, turn.offered = [], {}
            turn.forget_text = True
            turn.say(self._answers, "utter_hidden")
            turn.finish("hidden")
        elif turn.hidden_at is not None:
            await asyncio.to_thread(self._hidden, turn)

    def _hidden(self, turn: Turn) -> None:
        pin = digits(turn.text)
        if not self._linked(turn):
            if turn.now - (turn.hidden_at or turn.now) > WITHOUT_PIN:
                turn.hidden_at = None
                return
        elif pin is not None:
            remove_typed(turn)
            checked = self._desk.pins.check(turn.claim.contact["id"], pin, turn.now)
            turn.tickets += asked_for(checked)
            if checked.outcome is Outcome.RIGHT:
                turn.hidden_at = None
                turn.say(self._answers, "utter_unhidden")
                turn.finish("unhidden")
                return
        turn.say(self._answers, "utter_neutral")
        turn.finish("neutral")

    def _linked(self, turn: Turn) -> bool:
        query = select(link.c.id).where(link.c.contact_id == turn.claim.contact["id"], link.c.revoked_at.is_(None)).limit(1)
        return self._rows(self._desk.engine, query) != []

    def _messages(self, turn: Turn) -> list[str]:
        """The provider's ids of both sides' messages that may still be deleted, this one among them."""
        talk, since = turn.claim.conversation["id"], turn.now - DELETABLE
        ours = select(outbox.c.provider_id).where(
            outbox.c.conversation_id == talk, outbox.c.sent_at >= since, outbox.c.provider_id.is_not(None)
        )
        theirs = select(inbox.c.provider_message_id).where(inbox.c.conversation_id == talk, inbox.c.received_at >= since)
        ids = [row[0] for row in self._rows(self._desk.engine, ours)]
        # A typed message's id is "chat:message"; taps and updates have others, and nothing to delete.
        ids += [row[0].split(":")[1] for row in self._rows(self._desk.engine, theirs) if row[0].count(":") == 1]
        return sorted({each for each in ids if each.isdecimal()}, key=int)

    def _rows(self, engine: Engine, query: Select[Any]) -> list[Row[Any]]:
        with reading(engine).connect() as connection:
            return list(connection.execute(query))
