"""Telegram: verify, parse, send. Private chats only: what was said in a group is not stored and the bot leaves.

python-telegram-bot serves as a client and as a parser; its webhook server is not used, because it loses updates that
were answered but not yet handled when a process dies.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.base import Capabilities, ChannelName, Inbound, Kind, Outcome, Part, SendResult

TELEGRAM = Capabilities(
    text_limit=4000, buttons=10, button_title=40, list_items=0, list_title=0, choice_text_limit=4000,
    utf16_units=True, costly_unicode=False, can_delete=True, may_carry_case_facts=True,
)  # fmt: skip
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
BUTTON_ROW_LENGTH = 26
REMOVED_AT_ONCE = 100  # the most that deleteMessages takes


def verify(header: str, secret: str) -> bool:
    """True when the secret Telegram was given came back, compared in constant time."""
    return bool(secret) and hmac.compare_digest(header.encode(), secret.encode())


def _message_kind(message: Message) -> Kind:
    kinds = (
        (message.text, Kind.TEXT),
        (message.photo, Kind.PHOTO),
        (message.voice or message.audio, Kind.VOICE),
        (message.sticker, Kind.STICKER),
        (message.location or message.venue, Kind.LOCATION),
        (message.contact, Kind.CONTACT),
    )
    return next((kind for present, kind in kinds if present), Kind.OTHER)


def parse(body: Mapping[str, Any]) -> Inbound | None:
    """The message in an update, or None for an update we have no use for; raises KeyError or ValueError when malformed.

    Telegram's own command `/start` is a greeting; its payload is untrusted and dropped.
    """
    update = Update.de_json(dict(body))
    unique = str(update.update_id)
    if query := update.callback_query:
        language = query.from_user.language_code or ""
        tap = {"callback_id": query.id}
        sender = str(query.from_user.id)
        return Inbound(
            ChannelName.TELEGRAM, f"tap:{query.id}", sender, Kind.TAP, "", query.data or "", language_hint=language, extra=tap
        )
    if member := update.my_chat_member:
        if member.chat.type != "private":
            if member.new_chat_member.status in ("left", "kicked"):
                return None  # we have just gone
            language = member.from_user.language_code or ""
            return Inbound(ChannelName.TELEGRAM, unique, str(member.chat.id), Kind.GROUP, language_hint=language)
        kind = Kind.BLOCKED if member.new_chat_member.status in ("kicked", "left") else Kind.UNBLOCKED
        return Inbound(ChannelName.TELEGRAM, unique, str(member.chat.id), kind)
    message = update.message or update.edited_message
    if message is None:
        return None
    if message.chat.type != "private":
        return Inbound(ChannelName.TELEGRAM, unique, str(message.chat.id), Kind.GROUP)
    kind = Kind.EDITED if update.edited_message else _message_kind(message)
    text = message.text or message.caption or ""
    if kind is Kind.EDITED and not text:
        return None  # a live location sends one of these every few seconds
    if kind is Kind.EDITED:
        unique = f"{message.chat.id}:{message.message_id}:{int(message.edit_date.timestamp()) if message.edit_date else update.update_id}"
    else:
        unique = f"{message.chat.id}:{message.message_id}"
    if text.split(" ", 1)[0] == "/start":
        text = "/start"
    language = (message.from_user.language_code if message.from_user else None) or ""
    extra = {"message_id": str(message.message_id)}
    return Inbound(ChannelName.TELEGRAM, unique, str(message.chat.id), kind, text, language_hint=language, extra=extra)


class TelegramChannel:
    """Sends to private chats; each call ends in a SendResult, never in an exception."""

    name = ChannelName.TELEGRAM
    capabilities = TELEGRAM

    def __init__(self, token: str, api_base: str = "") -> None:
        base = f"{api_base.rstrip('/') or 'https://api.telegram.org'}/bot"
        request = HTTPXRequest(connection_pool_size=16, connect_timeout=3, read_timeout=10, write_timeout=10, pool_timeout=5)
        self.bot = Bot(token, base_url=base, request=request)

    async def send(self, address: str, part: Part, outbox_id: int) -> SendResult:
        try:
            message = await self.bot.send_message(int(address), part.text, reply_markup=_keyboard(part))
            return SendResult(Outcome.SENT, str(message.message_id))
        except TelegramError as error:
            return _result(error)

    async def remove(self, address: str, messages: Sequence[str]) -> SendResult:
        try:
            for start in range(0, len(messages), REMOVED_AT_ONCE):
                await self.bot.delete_messages(int(address), [int(each) for each in messages[start : start + REMOVED_AT_ONCE]])
        except BadRequest:
            return SendResult(Outcome.SENT)  # gone already, or older than the two days Telegram allows
        except TelegramError as error:
            return _result(error)
        return SendResult(Outcome.SENT)

    async def find(self, address: str, part: Part, outbox_id: int, since: datetime) -> SendResult | None:
        return None  # Telegram has no way to ask

    async def acknowledge(self, callback_id: str) -> None:
        """Stops the tapped button's spinner; a late or failed acknowledgement changes nothing."""
        with suppress(TelegramError):
            await self.bot.answer_callback_query(callback_id)

    async def leave(self, chat_id: str, word: str) -> None:
        """Says `word` (that it talks in private only) and leaves; failing to is harmless, since nothing is answered there."""
        with suppress(TelegramError):
            await self.bot.send_message(int(chat_id), word)
        with suppress(TelegramError):
            await self.bot.leave_chat(int(chat_id))


def _keyboard(part: Part) -> InlineKeyboardMarkup | None:
    if not part.choices:
        return None
    rows: list[list[InlineKeyboardButton]] = []
    for choice in part.choices:
        button = InlineKeyboardButton(choice.title, callback_data=choice.id)
        if rows and sum(len(each.text) for each in rows[-1]) + len(choice.title) <= BUTTON_ROW_LENGTH:
            rows[-1].append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(rows)


def _result(error: TelegramError) -> SendResult:
    """What an error of the client means. BadRequest is a NetworkError to the library: it is told apart first."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return SendResult(Outcome.RETRY, code="429", wait=float(wait if isinstance(wait, int) else wait.total_seconds()) + 0.1)
    if isinstance(error, Forbidden):
        return SendResult(Outcome.OPTED_OUT, code="403")
    if isinstance(error, (BadRequest, ChatMigrated)):
        gone = "chat not found" in str(error).lower()
        return SendResult(Outcome.UNREACHABLE if gone else Outcome.REFUSED, code="400")
    if isinstance(error, (InvalidToken, Conflict)):
        return SendResult(Outcome.MISCONFIGURED, code=type(error).__name__)
    if isinstance(error, NetworkError) and type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout", "PoolTimeout"):
        return SendResult(Outcome.RETRY, code="ConnectError")
    return SendResult(Outcome.UNKNOWN, code=type(error).__name__)
