"""What every channel promises: verified messages in, worded parts out, and a plain word for each way a send can end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ChannelName(StrEnum):
    """The three ways people write to us."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"


class Kind(StrEnum):
    """What a person sent. Everything but TEXT and TAP has one stated answer."""

    TEXT = "text"
    TAP = "tap"
    PHOTO = "photo"
    VOICE = "voice"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    OTHER = "other"
    EDITED = "edited"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    GROUP = "group"


@dataclass(frozen=True)
class Inbound:
    """One verified message. `provider_message_id` is unique within the channel; `text` is as typed (untrusted)."""

    channel: ChannelName
    provider_message_id: str
    address: str
    kind: Kind
    text: str = ""
    choice_id: str = ""
    language_hint: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OfferedChoice:
    """A choice as it leaves us: `id` is opaque; its meaning stays in the conversation's row."""

    id: str
    title: str


@dataclass(frozen=True)
class Part:
    """One message as it will be sent."""

    text: str
    choices: tuple[OfferedChoice, ...] = ()
    list_label: str = ""
    template: str = ""  # an approved WhatsApp template's id, for outside the 24 hours; `variables` are filled into it
    variables: Mapping[str, str] = field(default_factory=dict)
    removals: tuple[str, ...] = ()  # nothing is said: these messages of the chat are deleted


@dataclass(frozen=True)
class Capabilities:
    """What a channel can carry, so that no logic asks for a channel by name. Lengths are in `units`."""

    text_limit: int
    buttons: int
    button_title: int
    list_items: int
    list_title: int
    choice_text_limit: int
    utf16_units: bool
    costly_unicode: bool
    can_delete: bool
    may_carry_case_facts: bool


class Outcome(StrEnum):
    """How one send ended, and so what happens next."""

    SENT = "sent"
    RETRY = "retry"  # passing trouble, provably unsent: again later
    UNKNOWN = "unknown"  # it may have gone out: look it up, or send once more at the most
    WINDOW = "window"  # WhatsApp's 24 hours are over: a template or the next message from the person
    SENDER_LIMIT = "sender-limit"  # the whole sender must pause
    OPTED_OUT = "opted-out"  # never again until the person comes back
    UNREACHABLE = "unreachable"  # the address is dead
    REFUSED = "refused"  # our content or a filter: no retry, somebody must look
    MISCONFIGURED = "misconfigured"  # our account: stop the channel, call the operator


@dataclass(frozen=True)
class SendResult:
    """What the provider said. `code` is the provider's own error code; `wait` is in seconds."""

    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    wait: float | None = None


class Channel(Protocol):
    """A way to send. Implementations never raise for what a provider answers: they return a SendResult."""

    name: ChannelName
    capabilities: Capabilities

    async def send(self, address: str, part: Part, outbox_id: int) -> SendResult:
        """Hands one part to the provider."""

    async def remove(self, address: str, messages: Sequence[str]) -> SendResult:
        """Deletes messages of the chat, by the provider's ids, where the channel `can_delete`; what is gone already is no error."""

    async def find(self, address: str, part: Part, outbox_id: int, since: datetime) -> SendResult | None:
        """Whether a send of unknown outcome did go out; None where the provider cannot tell."""
