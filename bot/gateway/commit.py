"""The end of a turn: replies, tickets, the talk's state and the message's "handled" mark, in one transaction.

Whether the bot may still speak is checked here and not only at the start: a caseworker may have taken the talk, or the
person opted out, while Rasa was thinking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine, and_, select, update

from bot.channels.base import Part
from bot.channels.render import choice_id
from bot.gateway import outbox as outgoing
from bot.gateway.inbox import dump
from bot.gateway.outbox import Outbox
from bot.gateway.turn import Turn
from bot.handoff.tickets import open_ticket
from bot.store.tables import contact, conversation, inbox
from bot.store.vault import Key, Vault, of_talk

OFFERED_KEPT = 80


class LeaseLost(Exception):
    """Another worker took the conversation over: this turn's result is dropped, theirs counts."""


class Committer:
    """Writes finished turns."""

    def __init__(self, engine: Engine, vault: Vault, outbox: Outbox) -> None:
        self._engine, self._vault, self._outbox = engine, vault, outbox

    def commit(self, turn: Turn, parts: Sequence[Part]) -> None:
        """Everything or nothing; raises LeaseLost when the conversation is no longer ours."""
        talk, now = turn.claim.conversation, turn.now
        with self._engine.begin() as connection:
            mine = and_(conversation.c.id == talk["id"], conversation.c.lease_owner == turn.claim.lease)
            row = connection.execute(
                select(conversation.c.owner, contact.c.opted_out_at)
                .join(contact, conversation.c.contact_id == contact.c.id)
                .where(mine)
                .with_for_update(of=conversation)
            ).first()
            if row is None:
                raise LeaseLost
            key = self._vault.sealing(of_talk(talk["id"]))
            opting = "opted_out_at" in turn.contact_changes
            silent = row.owner == "staff" or (row.opted_out_at is not None and not opting)
            if turn.contact_changes.get("opted_out_at"):
                self._outbox.withdraw(connection, talk["id"])
            if not silent:
                outgoing.add(connection, self._vault, talk["id"], turn.claim.inbox_id, parts, now, turn.urgent, turn.guard)
            for request in turn.tickets:
                open_ticket(connection, request, talk["id"], turn.claim.inbox_id, turn.locale, turn.inbound.channel, now)
            connection.execute(
                update(contact)
                .where(contact.c.id == talk["contact_id"])
                # The address anew: should the keystore have lost the key, the chat goes on under its next one.
                .values(
                    {"address": key.seal(turn.inbound.address), "last_inbound_at": now, "blocked_at": None, **turn.contact_changes}
                )
            )
            connection.execute(update(conversation).where(mine).values(**self._talk(turn, silent, row.owner, key)))
            for write in turn.writes:
                write(connection)
            handled: dict[str, object] = {"state": "handled", "handled_at": now, "outcome": turn.outcome}
            if turn.forget_text:
                handled["body"] = key.seal(dump(replace(turn.inbound, text="")))
            connection.execute(update(inbox).where(inbox.c.id == turn.claim.inbox_id).values(handled))

    def _talk(self, turn: Turn, silent: bool, owner: str, key: Key) -> dict[str, object]:
        offered, last = turn.offered, turn.last_choices
        choices = [choice for reply in turn.replies for choice in reply.choices]
        if choices and not silent:
            last = list(turn.replies[-1].choices) or choices
            new = {choice_id(choice.payload): choice.payload for choice in choices}
            offered = {**{key: payload for key, payload in offered.items() if key not in new}, **new}
            offered = dict(list(offered.items())[-OFFERED_KEPT:])
        elif turn.replies and not silent and turn.outcome == "answered":
            last = []  # a photo or a notice in between does not close an open question
        return {
            "locale": turn.locale if turn.locale_state not in ("unknown", "choosing") else None,
            "locale_state": turn.locale_state,
            "kept_inbox_id": turn.kept_inbox_id,
            "owner": "waiting" if turn.tickets and owner == "bot" else owner,
            "offered": key.seal({"ids": offered, "last": [[c.title, c.payload] for c in last]}),
            "secret": key.seal(turn.secret) if turn.secret else None,
            "proved_person_id": turn.proved_person_id,
            "proved_until": turn.proved_until,
            "hidden_at": turn.hidden_at,
            "lease_owner": None,
            "lease_until": None,
            "retry_at": None,
            "updated_at": turn.now,
        }
