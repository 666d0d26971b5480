"""Handing a reminder over: its neutral words into the outbox, or, where it cannot go, a ticket for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from sqlalchemy import Connection, RowMapping, and_, select

from bot.channels.base import Capabilities, ChannelName, Part
from bot.channels.render import render
from bot.consent.chats import Chat
from bot.gateway import outbox as outgoing
from bot.handoff.tickets import TicketRequest, open_ticket
from bot.i18n.answers import Answers
from bot.i18n.languages import DEFAULT
from bot.store.tables import reminder, ticket
from bot.store.vault import Vault

HANDED = "handed"


class Reminding:
    """Writes within the caller's transaction. `templates` are WhatsApp's approved ones by locale, "LOCALE-today" for the day."""

    def __init__(
        self, vault: Vault, answers: Answers, capabilities: Mapping[ChannelName, Capabilities], templates: Mapping[str, str]
    ) -> None:
        self._vault, self._answers, self._capabilities, self._templates = vault, answers, capabilities, templates

    def template(self, chat: Chat, days: int) -> str:
        """The approved template in the chat's language; empty where there is none: another language is no help."""
        locale = chat.locale or DEFAULT
        return self._templates.get(locale if days else f"{locale}-today", "")

    def said(self, connection: Connection, row: RowMapping, days: int) -> bool:
        """True when the same words for the same day went out already: for a flight and an appointment one message is enough."""
        theirs = and_(reminder.c.person_id == row["person_id"], reminder.c.on_date == row["on_date"], reminder.c.id != row["id"])
        same = and_(reminder.c.kind.like(f"%-{days}"), reminder.c.state == HANDED)
        return connection.execute(select(reminder.c.id).where(theirs, same).limit(1)).first() is not None

    def hand(self, connection: Connection, chat: Chat, days: int, guard: str, template: str, now: datetime) -> None:
        """Puts the words into the outbox, in the language of the chat."""
        locale = chat.locale or DEFAULT
        in_days = {"in_days": in_days_words(days, locale)} if days else {}
        text = self._answers.render("utter_reminder" if days else "utter_reminder_today", locale, **in_days).text
        parts = render(text, (), self._capabilities[ChannelName(chat.channel)], locale)
        if template:
            parts = [Part(text, template=template, variables={"1": in_days["in_days"]} if days else {})]
        outgoing.add(connection, self._vault, chat.conversation_id, None, parts, now, guard=guard)

    def tell(self, connection: Connection, chat: Chat, reason: str, now: datetime) -> None:
        """A ticket, unless the same one is open already."""
        mine = (ticket.c.conversation_id == chat.conversation_id, ticket.c.reason == reason, ticket.c.state == "open")
        if connection.execute(select(ticket.c.id).where(*mine).limit(1)).first() is None:
            no_message: Any = None
            request = TicketRequest(reason, "high")
            open_ticket(connection, request, chat.conversation_id, no_message, chat.locale or DEFAULT, chat.channel, now)


def in_days_words(days: int, locale: str) -> str:
    """ "in 2 days", in the person's language."""
    return format_timedelta(timedelta(days=days), granularity="day", threshold=999, add_direction=True, locale=locale)
