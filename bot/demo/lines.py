"""What a person does on a phone, carried over the stand-ins' networks; and what comes back, put on the screen.

One line a network. A message first stands on the screen as `waiting`; when the webhook took it, it is `kept`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from bot.channels.base import ChannelName
from bot.demo.phones import Bubble, Button, Phone, Phones
from bot.demo.telegram_stand_in import TelegramStandIn
from bot.demo.twilio_messages import Sms
from bot.demo.twilio_stand_in import TwilioStandIn

QUOTED = 80
TELEGRAM_READ_AFTER_S = 0.4
#: Somewhere in Guatemala City.
PLACE = ("14.634915", "-90.506882")
_MEDIA_TYPES = {"photo": "image/jpeg", "voice": "audio/ogg", "sticker": "image/webp"}
_MESSAGE_TYPES = {"photo": "image", "voice": "audio", "sticker": "sticker", "location": "location"}
_TELEGRAM_CONTENT: Mapping[str, Mapping[str, Any]] = {
    "photo": {"photo": [{"file_id": "demo-photo", "file_unique_id": "photo", "width": 640, "height": 480}]},
    "voice": {"voice": {"file_id": "demo-voice", "file_unique_id": "voice", "duration": 7, "mime_type": "audio/ogg"}},
    "location": {"location": {"latitude": float(PLACE[0]), "longitude": float(PLACE[1])}},
    "sticker": {
        "sticker": {
            "file_id": "demo-sticker", "file_unique_id": "sticker", "type": "regular", "width": 512, "height": 512,
            "is_animated": False, "is_video": False,
        }
    },
}  # fmt: skip


class Line(Protocol):
    """What a person can do on a phone of one network."""

    @property
    def attachments(self) -> tuple[str, ...]:
        """What can be sent besides text."""

    @property
    def edits(self) -> bool:
        """Whether a sent message can be changed."""

    async def send(self, phone: Phone, kind: str, text: str) -> None:
        """Writes, or sends a photo, voice message, location or sticker."""

    async def tap(self, phone: Phone, bubble: Bubble, button: Button) -> None:
        """Taps one of the buttons under a message."""

    async def edit(self, phone: Phone, bubble: Bubble, text: str) -> None:
        """Changes an own message; only where `edits`."""

    def look(self, phone: Phone) -> None:
        """Has seen everything on the screen."""


class TwilioLine:
    """SMS or WhatsApp. Both stand-in and phones know it; numbers on WhatsApp carry its prefix."""

    edits = False

    def __init__(self, phones: Phones, channel: ChannelName, service: str, carrier_words: Mapping[str, str]) -> None:
        self._phones, self._channel, self._service, self._carrier_words = phones, channel, service, carrier_words
        self._prefix = "whatsapp:" if channel is ChannelName.WHATSAPP else ""
        self.attachments = ("photo", "voice", "location", "sticker") if self._prefix else ("photo", "voice")
        self.stand_in: TwilioStandIn

    async def send(self, phone: Phone, kind: str, text: str) -> None:
        fields: dict[str, str] = {}
        if kind in _MEDIA_TYPES:
            fields = {"NumMedia": "1", "MediaContentType0": _MEDIA_TYPES[kind]}
            fields["MediaUrl0"] = "https://api.twilio.com/2010-04-01/Accounts/demo/Messages/demo/Media/demo"
        elif kind == "location":
            fields = {"Latitude": PLACE[0], "Longitude": PLACE[1]}
        if self._prefix and kind in _MESSAGE_TYPES:
            fields["MessageType"] = _MESSAGE_TYPES[kind]
        await self._receive(phone, kind, text, "", fields)

    async def tap(self, phone: Phone, bubble: Bubble, button: Button) -> None:
        fields = {"OriginalRepliedMessageSid": bubble.id, "OriginalRepliedMessageSender": self._service}
        if bubble.look == "list":
            fields |= {"ListId": button.id, "ListTitle": button.title, "MessageType": "interactive"}
        else:
            fields |= {"ButtonPayload": button.id, "ButtonText": button.title, "MessageType": "button"}
        self._phones.change(phone, bubble.id, chosen=button.id)
        await self._receive(phone, "text", button.title, bubble.text[:QUOTED], fields)

    async def edit(self, phone: Phone, bubble: Bubble, text: str) -> None:
        raise NotImplementedError

    def look(self, phone: Phone) -> None:
        for bubble in phone.bubbles.values():
            if bubble.status == "delivered":
                self.stand_in.read(bubble.id)

    async def _receive(self, phone: Phone, kind: str, text: str, quote: str, fields: Mapping[str, str]) -> None:
        sid = self.stand_in.new_sid(media="NumMedia" in fields)
        self._phones.put(phone, Bubble(sid, True, kind, text, self._phones.now(), "waiting", quote=quote))
        address = self._prefix + phone.address
        taken = await self.stand_in.receive(sid, address, self._service, text, fields)
        self._phones.change(phone, sid, status="kept" if taken else "failed")

    def arrived(self, message: Sms) -> bool:
        """A message of the bot's reaches the telephone."""
        phone = self._phones.at(self._channel, message.to.removeprefix("whatsapp:"))
        if phone is None:
            return False
        content = message.content
        choices = content.choices if content else ()
        self._phones.put(
            phone,
            Bubble(
                message.sid,
                False,
                "text",
                message.body,
                self._phones.now(),
                message.status,
                buttons=tuple(Button(key, title, row) for row, (key, title) in enumerate(choices)),
                look="" if not choices else ("list" if content and content.list_label else "reply"),
                list_label=content.list_label if content else "",
            ),
        )
        return True

    def became(self, message: Sms) -> None:
        """The message has another status."""
        if phone := self._phones.at(self._channel, message.to.removeprefix("whatsapp:")):
            self._phones.change(phone, message.sid, status=message.status)

    def carrier(self, number: str, word: str) -> None:
        """The carrier answers by itself."""
        if phone := self._phones.at(self._channel, number):
            identity = self.stand_in.new_sid()
            self._phones.put(phone, Bubble(identity, False, "carrier", self._carrier_words[word], self._phones.now(), "delivered"))


class TwilioHandsets:
    """Sorts what the stand-in has to say to the two lines it serves."""

    def __init__(self, sms: TwilioLine, whatsapp: TwilioLine) -> None:
        self._sms, self._whatsapp = sms, whatsapp

    def _line(self, message: Sms) -> TwilioLine:
        return self._whatsapp if message.on_whatsapp else self._sms

    def arrived(self, message: Sms) -> bool:
        """See TwilioLine."""
        return self._line(message).arrived(message)

    def became(self, message: Sms) -> None:
        """See TwilioLine."""
        self._line(message).became(message)

    def carrier(self, number: str, word: str) -> None:
        """Only SMS has a carrier that answers."""
        self._sms.carrier(number, word)


class TelegramLine:
    """Private chats with the bot. Telegram tells a bot nothing of delivery; the ticks are the phone's own."""

    attachments = ("photo", "voice", "location", "sticker")
    edits = True

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self.stand_in: TelegramStandIn
        self._later: set[asyncio.Task[None]] = set()

    async def send(self, phone: Phone, kind: str, text: str) -> None:
        content: dict[str, Any] = {"text": text} if kind == "text" else dict(_TELEGRAM_CONTENT[kind])
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        message_id, taken = self.stand_in.write(int(phone.address), phone.language, "Demo", content)
        identity = str(message_id)
        self._phones.put(phone, Bubble(identity, True, kind, text, self._phones.now(), "waiting"))
        self._phones.change(phone, identity, status="kept" if await taken else "failed")

    async def tap(self, phone: Phone, bubble: Bubble, button: Button) -> None:
        self._phones.change(phone, bubble.id, busy=button.id, chosen=button.id)
        if not await self.stand_in.tap(int(phone.address), int(bubble.id), button.id):
            self._phones.change(phone, bubble.id, busy="")

    async def edit(self, phone: Phone, bubble: Bubble, text: str) -> None:
        taken = self.stand_in.change(int(phone.address), int(bubble.id), text)
        self._phones.change(phone, bubble.id, text=text, edited=True, status="waiting")
        self._phones.change(phone, bubble.id, status="kept" if await taken else "failed")

    def look(self, phone: Phone) -> None:
        for bubble in list(phone.bubbles.values()):
            if bubble.status == "delivered" and not bubble.mine:
                self._phones.change(phone, bubble.id, status="read")

    def said(self, chat: int, message_id: int, text: str, keyboard: list[list[dict[str, str]]]) -> None:
        """The bot's message, new or changed."""
        phone = self._phones.at(ChannelName.TELEGRAM, str(chat))
        if phone is None:
            return
        buttons = tuple(Button(each["callback_data"], each["text"], n) for n, row in enumerate(keyboard) for each in row)
        identity = str(message_id)
        known = phone.bubbles.get(identity)
        self._phones.put(
            phone,
            Bubble(
                identity,
                False,
                "text",
                text,
                known.at if known else self._phones.now(),
                known.status if known else "sent",
                buttons=buttons,
                look="inline" if buttons else "",
                edited=bool(known and known.text != text),
            ),
        )
        if known is None:
            task = asyncio.create_task(self._delivered(phone, identity))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _delivered(self, phone: Phone, identity: str) -> None:
        await asyncio.sleep(TELEGRAM_READ_AFTER_S)
        self._phones.change(phone, identity, status="delivered")

    def deleted(self, chat: int, message_ids: list[int]) -> None:
        """Messages of either side are gone."""
        if phone := self._phones.at(ChannelName.TELEGRAM, str(chat)):
            self._phones.remove(phone, [str(each) for each in message_ids])

    def answered(self, chat: int, message_id: int) -> None:
        """The tapped button stops spinning."""
        if phone := self._phones.at(ChannelName.TELEGRAM, str(chat)):
            self._phones.change(phone, str(message_id), busy="")

    def typing(self, chat: int) -> None:
        """The bot is writing."""
        if phone := self._phones.at(ChannelName.TELEGRAM, str(chat)):
            self._phones.typing(phone)
