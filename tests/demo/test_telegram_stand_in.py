"""python-telegram-bot against the stand-in: what it accepts, what it refuses, and how updates reach a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from bot.channels.base import ChannelName, Kind, OfferedChoice, Outcome, Part
from bot.channels.telegram import ALLOWED_UPDATES, TelegramChannel, parse
from tests.demo.conftest import BOT, CHAT, World

SECRET = "a-Secret_1"


def with_bot(world: World, use: Callable[[Bot], Awaitable[Any]], token: str = BOT) -> Any:
    """Runs `use` with a real client."""

    async def run() -> Any:
        base = f"{world.base}/telegram"
        bot = Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=HTTPXRequest())
        async with bot:
            return await use(bot)

    return asyncio.run(run())


def hook(world: World, **changed: Any) -> None:
    """Sets the webhook as `hearth webhooks set` does."""
    arguments = {"url": f"{world.webhook.url}/tg", "secret_token": SECRET, "allowed_updates": ALLOWED_UPDATES, **changed}
    with_bot(world, lambda bot: bot.set_webhook(**arguments))


def writes(world: World, text: str = "hello") -> bool:
    """A person writes; whether the webhook took it."""

    async def write() -> bool:
        _, taken = world.telegram.write(CHAT, "ur", "Demo", {"text": text})
        return await taken

    return bool(world.on_loop(write))


def keyboard(data: str, text: str = "Yes") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data)]])


def test_the_client_starts_and_a_wrong_token_does_not(world: World) -> None:
    assert with_bot(world, lambda bot: bot.get_me()).username
    with pytest.raises(InvalidToken):
        with_bot(world, lambda bot: bot.get_me(), BOT[:-1] + "B")


def test_a_message_arrives_with_the_secret_and_our_parser_reads_it(world: World) -> None:
    hook(world)
    assert writes(world, "سلام")
    _, headers, body = world.webhook.requests[0]
    assert headers["x-telegram-bot-api-secret-token"] == SECRET
    inbound = parse(json.loads(body))
    assert inbound is not None
    assert (inbound.channel, inbound.kind, inbound.text) == (ChannelName.TELEGRAM, Kind.TEXT, "سلام")
    assert (inbound.address, inbound.language_hint) == (str(CHAT), "ur")


def test_an_answer_with_buttons_is_shown_tapped_and_acknowledged(world: World) -> None:
    hook(world)
    writes(world)

    async def answer() -> Any:
        channel = TelegramChannel(BOT, f"{world.base}/telegram")
        result = await channel.send(str(CHAT), Part("Choose", (OfferedChoice("id-1", "Yes"), OfferedChoice("id-2", "No"))), 1)
        taken = asyncio.run_coroutine_threadsafe(_tap(world, int(result.provider_id)), world.loop)
        assert await asyncio.wrap_future(taken)
        tap = parse(json.loads(world.webhook.requests[-1][2]))
        assert tap is not None
        await channel.acknowledge(tap.extra["callback_id"])
        return result, tap

    result, tap = asyncio.run(answer())
    assert result.outcome is Outcome.SENT
    assert (tap.kind, tap.choice_id) == (Kind.TAP, "id-2")
    assert world.handsets.said_[0][2:] == (
        "Choose",
        [[{"text": "Yes", "callback_data": "id-1"}, {"text": "No", "callback_data": "id-2"}]],
    )
    assert world.handsets.answered_ == [int(result.provider_id)]


async def _tap(world: World, message_id: int) -> bool:
    return await world.telegram.tap(CHAT, message_id, "id-2")


@pytest.mark.parametrize(
    ("words", "send"),
    [
        ("chat not found", lambda bot: bot.send_message(999, "x")),
        ("message is too long", lambda bot: bot.send_message(CHAT, "x" * 4097)),
        ("message is too long", lambda bot: bot.send_message(CHAT, "😀" * 2049)),
        ("text is empty", lambda bot: bot.send_message(CHAT, " ")),
        ("BUTTON_DATA_INVALID", lambda bot: bot.send_message(CHAT, "x", reply_markup=keyboard("x" * 65))),
        ("BUTTON_DATA_INVALID", lambda bot: bot.send_message(CHAT, "x", reply_markup=keyboard("ж" * 33))),
        ("query is too old", lambda bot: bot.answer_callback_query("1")),
        ("to delete not found", lambda bot: bot.delete_message(CHAT, 99)),
        ("to edit not found", lambda bot: bot.edit_message_text("x", CHAT, 99)),
        ("HTTPS", lambda bot: bot.set_webhook("http://example.org/hook")),
        ("illegal characters", lambda bot: bot.set_webhook("https://example.org/hook", secret_token="a b")),
        ("too long", lambda bot: bot.set_my_short_description("x" * 121)),
    ],
)
def test_what_telegram_refuses_is_refused_in_its_words(world: World, words: str, send: Callable[[Bot], Awaitable[Any]]) -> None:
    hook(world)
    writes(world)
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        with_bot(world, send)


def test_4096_units_and_64_bytes_are_taken(world: World) -> None:
    hook(world)
    writes(world)
    with_bot(world, lambda bot: bot.send_message(CHAT, "😀" * 2048, reply_markup=keyboard("ж" * 32)))


def test_messages_are_edited_and_deleted(world: World) -> None:
    hook(world)
    writes(world)

    async def use(bot: Bot) -> None:
        first = await bot.send_message(CHAT, "one", reply_markup=keyboard("id"))
        await bot.edit_message_reply_markup(CHAT, first.message_id, reply_markup=None)
        await bot.edit_message_text("two", CHAT, first.message_id)
        with pytest.raises(BadRequest, match=r"(?i)not modified"):
            await bot.edit_message_text("two", CHAT, first.message_id)
        with pytest.raises(BadRequest, match=r"(?i)can't be edited"):
            await bot.edit_message_text("mine", CHAT, 1)
        assert await bot.delete_messages(CHAT, [1, first.message_id, 99])

    with_bot(world, use)
    assert [said[2:] for said in world.handsets.said_] == [
        ("one", [[{"text": "Yes", "callback_data": "id"}]]),
        ("one", []),
        ("two", []),
    ]
    assert world.handsets.deleted_ == [1, 2]


def test_what_is_older_than_48_hours_stays(world: World) -> None:
    hook(world)
    writes(world)
    world.clock.pass_(48 * 3600 + 1)
    with pytest.raises(BadRequest, match=r"(?i)can't be deleted"):
        with_bot(world, lambda bot: bot.delete_message(CHAT, 1))


def test_the_bots_own_texts_are_taken(world: World) -> None:
    async def use(bot: Bot) -> None:
        assert await bot.set_my_commands([BotCommand("menu", "What I can do")], language_code="en")
        assert await bot.set_my_description("Hello")
        assert await bot.set_my_short_description("Hello", language_code="es")
        with pytest.raises(BadRequest):
            await bot.leave_chat(-100)

    with_bot(world, use)


def test_an_update_comes_again_until_it_is_taken_and_in_order(world: World) -> None:
    hook(world)
    world.webhook.statuses = [500, 502]
    started = time.monotonic()

    async def two() -> list[bool]:
        taken = [world.telegram.write(CHAT, "en", "Demo", {"text": text})[1] for text in ("first", "second")]
        return list(await asyncio.gather(*taken))

    assert world.on_loop(two) == [True, True]
    updates = [Update.de_json(json.loads(body)) for _, _, body in world.webhook.requests]
    assert [update.message.text for update in updates if update.message] == ["first", "first", "first", "second"]
    assert len({update.update_id for update in updates}) == 2
    assert time.monotonic() - started > 1.9  # at once, then after two seconds
    info = with_bot(world, lambda bot: bot.get_webhook_info())
    assert (info.pending_update_count, "502" in info.last_error_message) == (0, True)


def test_updates_wait_for_a_webhook_and_kinds_not_asked_for_are_dropped(world: World) -> None:
    waiting = asyncio.run_coroutine_threadsafe(_write(world), world.loop)
    time.sleep(0.2)
    assert not waiting.done()
    hook(world, allowed_updates=["message"])
    assert waiting.result(10)
    assert not world.on_loop(lambda: world.telegram.change(CHAT, 1, "changed"))
    assert len(world.webhook.requests) == 1


async def _write(world: World) -> bool:
    return await world.telegram.write(CHAT, "en", "Demo", {"text": "x"})[1]


def test_an_edited_message_arrives_as_one(world: World) -> None:
    hook(world)
    writes(world)
    assert world.on_loop(lambda: world.telegram.change(CHAT, 1, "changed"))
    inbound = parse(json.loads(world.webhook.requests[-1][2]))
    assert inbound is not None
    assert (inbound.kind, inbound.text) == (Kind.EDITED, "changed")
