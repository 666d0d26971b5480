"""The phones of the demo and what their screens show. Kept in memory only: a restarted demo has fresh phones."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import phonenumbers

from bot.channels.base import ChannelName
from bot.channels.segments import segments

PHONES_KEPT, BUBBLES_KEPT, EVENTS_WAITING = 300, 400, 1000
#: Area codes for invented North American numbers: 555-0100 to 555-0199 are kept free for that purpose in each.
_AREA_CODES: tuple[int, ...] = (
    201, 202, 206, 212, 213, 214, 215, 216, 301, 303, 305, 310, 312, 313, 314, 404, 407, 410, 412, 415, 469, 503, 505, 508, 512, 513,
    515, 602, 608, 609, 612, 614, 615, 617, 619, 646, 702, 703, 704, 713, 714, 718, 720, 732, 757, 801,
)  # fmt: skip


def invented_number(country: str, chance: random.Random) -> str:
    """A number of `country` ("PH") that reads as a mobile one there, in E.164; raises ValueError for an unknown country."""
    if country == "US":
        return f"+1{chance.choice(_AREA_CODES)}55501{chance.randrange(100):02}"
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        raise ValueError(country)
    start = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[:-5]
    while True:
        number = f"{start}{chance.randrange(100_000):05}"
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            return number


def spaced(number: str) -> str:
    """A number as people write it; anything else as it is."""
    if not number.startswith("+"):
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@dataclass(frozen=True)
class Button:
    """Something to tap under a message; rows start a new line of the keyboard."""

    id: str
    title: str
    row: int = 0


@dataclass(frozen=True)
class Bubble:
    """One message on a screen.

    `status` of the person's own: waiting, kept (the webhook took it), failed. Of the bot's: queued, sent, delivered, read,
    undelivered. `look` says how `buttons` are shown: reply, list, inline. `busy` is the button that still spins.
    """

    id: str
    mine: bool
    kind: str
    text: str
    at: datetime
    status: str
    buttons: tuple[Button, ...] = ()
    look: str = ""
    list_label: str = ""
    quote: str = ""
    busy: str = ""
    chosen: str = ""
    edited: bool = False

    def shown(self, counted: bool) -> dict[str, Any]:
        """The JSON of the page; `counted` adds the SMS parts."""
        return {**asdict(self), "at": self.at.isoformat(), "parts": segments(self.text) if counted else 0}


@dataclass
class Phone:
    """One person's telephone on one channel; `address` is a number in E.164 or a Telegram chat's id."""

    id: str
    channel: ChannelName
    address: str
    country: str
    language: str
    bubbles: OrderedDict[str, Bubble] = field(default_factory=OrderedDict)

    def shown(self) -> dict[str, Any]:
        """The JSON of the page, without the messages."""
        return {"id": self.id, "channel": self.channel.value, "number": spaced(self.address), "country": self.country}


class Phones:
    """All phones, and the pages that watch them. Used from one event loop only."""

    def __init__(self, clock: Callable[[], datetime], chance: random.Random) -> None:
        self._clock, self._chance = clock, chance
        self._phones: OrderedDict[str, Phone] = OrderedDict()
        self._watchers: list[tuple[frozenset[str], asyncio.Queue[dict[str, Any]]]] = []

    def new(self, channel: ChannelName, country: str, language: str) -> Phone:
        """A fresh phone with a number (or chat) nobody had; raises ValueError for an unknown country."""
        taken = {phone.address for phone in self._phones.values()}
        while True:
            on_telegram = channel is ChannelName.TELEGRAM
            address = str(self._chance.randrange(10**9, 7 * 10**9)) if on_telegram else invented_number(country, self._chance)
            if address not in taken:
                break
        phone = Phone(f"{self._chance.getrandbits(64):016x}", channel, address, country, language)
        self._phones[phone.id] = phone
        if len(self._phones) > PHONES_KEPT:
            self._phones.popitem(last=False)
        return phone

    def get(self, phone_id: str) -> Phone | None:
        """The phone with this id, or None when it was of an earlier run."""
        return self._phones.get(phone_id)

    def at(self, channel: ChannelName, address: str) -> Phone | None:
        """The phone that answers to this address."""
        return next((p for p in self._phones.values() if p.channel is channel and p.address == address), None)

    def put(self, phone: Phone, bubble: Bubble) -> None:
        """Shows a new message, or a changed one in its place."""
        phone.bubbles[bubble.id] = bubble
        if len(phone.bubbles) > BUBBLES_KEPT:
            phone.bubbles.popitem(last=False)
        self._tell(phone.id, {"event": "message", "phone": phone.id, "message": self.shown(phone, bubble)})

    def change(self, phone: Phone, bubble_id: str, **values: Any) -> None:
        """Changes what is known of a message; nothing happens for one that is gone."""
        if bubble := phone.bubbles.get(bubble_id):
            self.put(phone, replace(bubble, **values))

    def remove(self, phone: Phone, bubble_ids: Collection[str]) -> None:
        """Takes messages off the screen."""
        gone = [each for each in bubble_ids if phone.bubbles.pop(each, None)]
        self._tell(phone.id, {"event": "removed", "phone": phone.id, "ids": gone})

    def typing(self, phone: Phone) -> None:
        """The other side is writing."""
        self._tell(phone.id, {"event": "typing", "phone": phone.id})

    def now(self) -> datetime:
        """The time on the phones."""
        return self._clock()

    def shown(self, phone: Phone, bubble: Bubble) -> dict[str, Any]:
        """The JSON of one message; only SMS counts parts."""
        return bubble.shown(phone.channel is ChannelName.SMS)

    def screen(self, phone: Phone) -> dict[str, Any]:
        """Everything a page needs to show a phone."""
        messages = [self.shown(phone, bubble) for bubble in phone.bubbles.values()]
        return {"event": "phone", "phone": phone.id, **phone.shown(), "messages": messages}

    @contextmanager
    def watch(self, ids: Collection[str]) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of everything that happens on these phones."""
        watcher = (frozenset(ids), asyncio.Queue[dict[str, Any]](EVENTS_WAITING))
        self._watchers.append(watcher)
        try:
            yield watcher[1]
        finally:
            self._watchers.remove(watcher)

    def _tell(self, phone_id: str, event: dict[str, Any]) -> None:
        for ids, queue in self._watchers:
            if phone_id in ids and not queue.full():  # a page that stopped reading asks for everything when it comes back
                queue.put_nowait(event)
