"""One turn: a message goes through the stages in order, and what they decided is committed at once.

All state of a turn is in one `Turn`. A stage reads it, changes it, and may set `done`; then only the replies stage's
work, the commit, remains. An exception in a stage means the message was not handled: it is tried again later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from bot.channels.base import Inbound
from bot.gateway.inbox import Claim
from bot.handoff.tickets import TicketRequest
from bot.i18n.answers import Answer, Answers, Choice


@dataclass
class Turn:
    """Everything known and decided about one message."""

    # What came in
    claim: Claim
    inbound: Inbound
    now: datetime
    text: str = ""
    payload: str = ""  # what a choice means; only ours, never typed

    # What is known of the talk
    locale: str = "en"
    locale_state: str = "unknown"  # unknown, choosing, guessed, asked, chosen
    country: str | None = None
    offered: dict[str, str] = field(default_factory=dict)  # id -> payload of choices given so far
    last_choices: list[Choice] = field(default_factory=list)
    secret: dict[str, Any] | None = None  # which code or PIN is awaited, and for what; sealed in the row
    proved_person_id: str | None = None  # who proved themselves by PIN here, until when
    proved_until: datetime | None = None
    hidden_at: datetime | None = None  # since when the talk is hidden and neutral

    # What was decided
    replies: list[Answer] = field(default_factory=list)
    tickets: list[TicketRequest] = field(default_factory=list)
    contact_changes: dict[str, Any] = field(default_factory=dict)
    kept_inbox_id: int | None = None
    urgent: bool = False  # its replies go out before others that wait
    guard: str = ""  # set when the replies carry case facts: consent is asked again at sending
    removals: list[str] = field(default_factory=list)  # the provider's ids of messages to delete on the phone
    forget_text: bool = False  # the message held a secret: its text is not kept
    writes: list[Callable[[Connection], object]] = field(default_factory=list)  # done in the turn's own transaction
    outcome: str = "answered"
    done: bool = False

    @property
    def first(self) -> bool:
        """True for the first message of a conversation."""
        return self.claim.conversation["locale"] is None

    def finish(self, outcome: str) -> None:
        """No later stage runs; `outcome` is the word in the inbox row and the metrics."""
        self.done, self.outcome = True, outcome

    def say(self, answers: Answers, name: str, **values: str) -> None:
        """Adds a response of ours, worded in the talk's language, with the ticket its metadata asks for."""
        answer = answers.render(name, self.locale, self.country, **values)
        self.replies.append(answer)
        self.request(answer)

    def request(self, answer: Answer) -> None:
        """Notes the ticket that an answer's metadata asks for."""
        if wanted := answer.metadata.get("ticket"):
            self.tickets.append(TicketRequest(wanted["reason"], wanted.get("urgency", "normal")))


class Stage(Protocol):
    """One step of a turn."""

    name: str

    async def process(self, turn: Turn) -> None:
        """Does its one thing to the turn."""


async def run(turn: Turn, stages: Sequence[Stage]) -> None:
    """Runs the stages until one sets `done`."""
    for stage in stages:
        await stage.process(turn)
        if turn.done:
            return
