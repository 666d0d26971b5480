"""Telegram's Bot API on this machine, for the phones of the demo: what python-telegram-bot asks for, with Telegram's limits.

Errors carry the Bot API server's own words. Private chats only, text only; it keeps nothing beyond the process.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.telegram_arguments import Refusal, arguments_of, bad, keyboard_of, text_of
from bot.demo.telegram_updates import Updates, Webhook

ANSWER_LIMIT = 200
DELETABLE, ANSWERABLE = timedelta(hours=48), timedelta(seconds=150)
CHATS_KEPT = 500


class Screens(Protocol):
    """Who owns the telephones the bot writes to."""

    def said(self, chat: int, message_id: int, text: str, keyboard: list[list[dict[str, str]]]) -> None:
        """The bot's message, new or changed."""

    def deleted(self, chat: int, message_ids: list[int]) -> None:
        """Messages of either side are gone."""

    def answered(self, chat: int, message_id: int) -> None:
        """The tapped button may stop spinning."""

    def typing(self, chat: int) -> None:
        """The bot is writing."""


@dataclass
class _Chat:
    person: dict[str, Any]
    messages: OrderedDict[int, dict[str, Any]] = field(default_factory=OrderedDict)
    last: int = 0


class TelegramStandIn:
    """One bot. People open a chat by writing first; the bot cannot write to anybody else."""

    def __init__(self, token: str, screens: Screens, clock: Callable[[], datetime], client: httpx.AsyncClient) -> None:
        self._token, self._screens, self._clock = token, screens, clock
        self._updates = Updates(client)
        self._chats: OrderedDict[int, _Chat] = OrderedDict()
        self._taps: OrderedDict[str, tuple[int, int, datetime]] = OrderedDict()
        self._texts: dict[str, Any] = {}
        bot_id = int(token.split(":", 1)[0])
        self._me = {"id": bot_id, "is_bot": True, "first_name": "Hearth", "username": "hearth_demo_bot"}
        methods: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "getMe": lambda _: {**self._me, "can_join_groups": False, "can_read_all_group_messages": False},
            "setWebhook": self._set_webhook,
            "deleteWebhook": lambda _: self._set_webhook({}),
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send,
            "sendChatAction": self._action,
            "editMessageText": self._edit,
            "editMessageReplyMarkup": self._edit,
            "deleteMessage": self._delete,
            "deleteMessages": self._delete,
            "answerCallbackQuery": self._answer,
            "leaveChat": lambda arguments: bool(self._chat(arguments)),
            **dict.fromkeys(("setMyCommands", "setMyDescription", "setMyShortDescription", "setMyName"), self._set_text),
        }
        self._methods = {name.lower(): (name, method) for name, method in methods.items()}

    # ------------------------------------------------------------------ the HTTP API

    def routes(self) -> list[Route]:
        """What a bot's client calls."""
        return [Route("/bot{token}/{method}", self._call, methods=["GET", "POST"])]

    async def _call(self, request: Request) -> Response:
        try:
            if not hmac.compare_digest(request.path_params["token"].encode(), self._token.encode()):
                raise Refusal(401, "Unauthorized")
            name, method = self._methods.get(request.path_params["method"].lower(), ("", None))
            if method is None:
                raise Refusal(404, "Not Found")
            arguments = await arguments_of(request)
            arguments["method"] = name
            return JSONResponse({"ok": True, "result": method(arguments)})
        except Refusal as refusal:
            body = {"ok": False, "error_code": refusal.status, "description": refusal.description}
            return JSONResponse(body, refusal.status)

    def _set_webhook(self, arguments: Mapping[str, Any]) -> bool:
        webhook = Webhook(
            str(arguments.get("url") or ""),
            str(arguments.get("secret_token") or ""),
            tuple(arguments.get("allowed_updates") or ()),
            int(arguments.get("max_connections") or 40),
        )
        if problem := webhook.problem():
            raise bad(problem)
        self._updates.set(webhook)
        return True

    def _webhook_info(self, _: Mapping[str, Any]) -> dict[str, Any]:
        webhook = self._updates.webhook
        info = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": self._updates.pending,
            "max_connections": webhook.max_connections,
            "allowed_updates": list(webhook.allowed),
        }
        if webhook.last_error:
            info |= {"last_error_date": webhook.last_error_at, "last_error_message": webhook.last_error}
        return info

    def _chat(self, arguments: Mapping[str, Any]) -> _Chat:
        try:
            return self._chats[int(arguments["chat_id"])]
        except (KeyError, ValueError):
            raise bad("chat not found") from None

    def _message(self, arguments: Mapping[str, Any], missing: str) -> dict[str, Any]:
        message = self._chat(arguments).messages.get(int(arguments.get("message_id") or 0))
        if message is None:
            raise bad(missing)
        return message

    def _send(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(arguments)
        text, keyboard = text_of(arguments), keyboard_of(arguments)
        message = self._new(chat, {"from": self._me, "text": text})
        self._marked(message, keyboard)
        return message

    def _marked(self, message: dict[str, Any], keyboard: list[list[dict[str, str]]]) -> None:
        """Puts the keyboard under the message and both on the screen."""
        message.pop("reply_markup", None)
        if keyboard:
            message["reply_markup"] = {"inline_keyboard": keyboard}
        self._screens.said(message["chat"]["id"], message["message_id"], message["text"], keyboard)

    def _new(self, chat: _Chat, content: dict[str, Any]) -> dict[str, Any]:
        chat.last += 1
        when = int(self._clock().timestamp())
        where = {"id": chat.person["id"], "type": "private", "first_name": chat.person["first_name"]}
        message = {"message_id": chat.last, "date": when, "chat": where, **content}
        chat.messages[chat.last] = message
        return message

    def _edit(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        message = self._message(arguments, "message to edit not found")
        if message["from"] != self._me:
            raise bad("message can't be edited")
        text = text_of(arguments) if arguments["method"] == "editMessageText" else message["text"]
        keyboard = keyboard_of(arguments)
        if text == message["text"] and keyboard == message.get("reply_markup", {}).get("inline_keyboard", []):
            raise bad("message is not modified: specified new message content and reply markup are exactly the same")
        message["text"] = text
        self._marked(message, keyboard)
        return message

    def _delete(self, arguments: Mapping[str, Any]) -> bool:
        chat = self._chat(arguments)
        several = arguments["method"] == "deleteMessages"
        ids = [int(each) for each in (arguments.get("message_ids") or ())] if several else [int(arguments.get("message_id") or 0)]
        if not 1 <= len(ids) <= 100:
            raise bad("message identifiers must be between 1 and 100")
        oldest = (self._clock() - DELETABLE).timestamp()
        found = [each for each in ids if each in chat.messages]
        if not several and not found:
            raise bad("message to delete not found")
        if any(chat.messages[each]["date"] < oldest for each in found):
            raise bad("message can't be deleted for everyone")
        for each in found:
            del chat.messages[each]
        self._screens.deleted(chat.person["id"], found)
        return True

    def _action(self, arguments: Mapping[str, Any]) -> bool:
        chat = self._chat(arguments)
        if arguments.get("action") == "typing":
            self._screens.typing(chat.person["id"])
        return True

    def _answer(self, arguments: Mapping[str, Any]) -> bool:
        if len(str(arguments.get("text") or "")) > ANSWER_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        chat, message_id, at = self._taps.pop(str(arguments.get("callback_query_id")), (0, 0, None))
        if at is None or self._clock() - at > ANSWERABLE:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self._screens.answered(chat, message_id)
        return True

    def _set_text(self, arguments: Mapping[str, Any]) -> bool:
        language = str(arguments.get("language_code") or "")
        limits = (("description", 512), ("short_description", 120), ("name", 64))
        for name, most in limits:
            if len(str(arguments.get(name) or "")) > most:
                raise bad(f"{name} is too long")
        for command in arguments.get("commands") or ():
            if not 1 <= len(command.get("command", "")) <= 32 or not 1 <= len(command.get("description", "")) <= 256:
                raise bad("BOT_COMMAND_INVALID")
        self._texts[f"{arguments['method']}:{language}"] = dict(arguments)
        return True

    # ------------------------------------------------------------------ what people do

    def write(self, chat_id: int, language: str, name: str, content: Mapping[str, Any]) -> tuple[int, asyncio.Future[bool]]:
        """A person sends something; gives its id, and to await whether the webhook took it."""
        person = {"id": chat_id, "is_bot": False, "first_name": name, "language_code": language}
        chat = self._chats.setdefault(chat_id, _Chat(person))
        if len(self._chats) > CHATS_KEPT:
            self._chats.popitem(last=False)
        message = self._new(chat, {"from": person, **content})
        return message["message_id"], self._updates.put(f"chat {chat_id}", "message", dict(message))

    def change(self, chat_id: int, message_id: int, text: str) -> asyncio.Future[bool]:
        """A person edits an own message; raises KeyError for one that is not there."""
        message = self._chats[chat_id].messages[message_id]
        message |= {"text": text, "edit_date": int(self._clock().timestamp())}
        return self._updates.put(f"chat {chat_id}", "edited_message", dict(message))

    def tap(self, chat_id: int, message_id: int, callback_data: str) -> asyncio.Future[bool]:
        """A person taps a button; raises KeyError for one that is not there."""
        chat = self._chats[chat_id]
        query_id = str(secrets.randbits(60))
        self._taps[query_id] = (chat_id, message_id, self._clock())
        if len(self._taps) > CHATS_KEPT:
            self._taps.popitem(last=False)
        query = {"id": query_id, "from": chat.person, "chat_instance": str(chat_id), "data": callback_data}
        return self._updates.put(f"taps {chat_id}", "callback_query", {**query, "message": chat.messages[message_id]})

    async def close(self) -> None:
        """Stops delivering updates."""
        await self._updates.close()
