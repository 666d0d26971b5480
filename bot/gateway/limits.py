"""How fast each provider lets us send, and which sender must pause.

Telegram: about 30 messages a second in all and one a second to a chat with short bursts (unpublished, 429 is the only
truth). WhatsApp through Twilio: 80 a second. SMS: one a second for a long code; a short code or a pool takes more.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from aiolimiter import AsyncLimiter

from bot.channels.base import ChannelName

PER_SECOND = {ChannelName.TELEGRAM: 25.0, ChannelName.WHATSAPP: 80.0, ChannelName.SMS: 1.0}
CHAT_BURST, CHAT_PERIOD_S = 3, 3.0
CHATS_REMEMBERED = 10_000


class Limits:
    """Token buckets of this process, one a channel and one a Telegram chat."""

    def __init__(self, per_second: dict[ChannelName, float] | None = None) -> None:
        rates = {**PER_SECOND, **(per_second or {})}
        self._channels = {name: AsyncLimiter(max(1.0, rate), max(1.0, rate) / rate) for name, rate in rates.items()}
        self._chats: OrderedDict[str, AsyncLimiter] = OrderedDict()
        self._paused: dict[ChannelName, datetime] = {}

    async def wait(self, channel: ChannelName, conversation_id: str) -> None:
        """Returns when one more message may go out."""
        if channel is ChannelName.TELEGRAM:
            chat = self._chats.setdefault(conversation_id, AsyncLimiter(CHAT_BURST, CHAT_PERIOD_S))
            self._chats.move_to_end(conversation_id)
            if len(self._chats) > CHATS_REMEMBERED:
                self._chats.popitem(last=False)
            await chat.acquire()
        await self._channels[channel].acquire()

    def pause(self, channel: ChannelName, until: datetime) -> None:
        """Nothing goes out on this channel until then."""
        self._paused[channel] = until

    def paused(self, channel: ChannelName, now: datetime) -> bool:
        """Whether this channel pauses now."""
        return channel in self._paused and self._paused[channel] > now
