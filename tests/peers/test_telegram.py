"""Telegram before a server nobody here wrote: what we send, how sends fail, and what comes to our webhook."""

from __future__ import annotations

import asyncio
import json as json_text
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from telegram.request import HTTPXRequest

from bot.channels import telegram
from bot.channels.base import ChannelName, Kind, Outcome, Part, SendResult
from bot.channels.render import choice_id, render
from bot.channels.segments import units
from bot.channels.setup import set_webhooks
from bot.gateway.services import CAPABILITIES
from bot.i18n.answers import Answers, Choice
from bot.i18n.languages import CODES
from bot.settings import ROOT
from bot.store.db import connect
from tests.peers.bot_api import BotApi
from tests.peers.gateway import BOT_TOKEN, SECRET, Gateway, opened
from tests.peers.programs import NOBODY, deaf, eventually
from tests.peers.wiremock import BAD_CHUNK, EMPTY, RESET, Response, WireMock, html, json, late, passed_on
from tests.talk import said

pytestmark = pytest.mark.peers
SEND = "/bot[^/]+/sendMessage"
PERSON = 4_242_424_242  # more than 32 bits, as newer accounts have
LIMIT_S = 0.7
TELEGRAM = CAPABILITIES[ChannelName.TELEGRAM]


@pytest.fixture
def way(wiremock: WireMock, bot_api: BotApi) -> WireMock:
    """What stands before that server and remembers what we sent."""
    wiremock.rule("/.*", passed_on(bot_api.url), priority=9)
    return wiremock


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short time limits."""
    short = {"connect_timeout": LIMIT_S, "read_timeout": LIMIT_S}
    monkeypatch.setattr(telegram, "HTTPXRequest", lambda **limits: HTTPXRequest(**{**limits, **short}))


def send(api: str, part: Part | str) -> SendResult:
    """Sends one part with a channel of its own."""

    async def run() -> SendResult:
        channel = telegram.TelegramChannel(BOT_TOKEN, api)
        return await channel.send(str(PERSON), Part(part) if isinstance(part, str) else part, 1)

    return asyncio.run(run())


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_choices_become_an_inline_keyboard_that_telegram_takes(count: int, way: WireMock) -> None:
    choices = [Choice(f"انتخاب {number} 👍", f"/choice_{number}") for number in range(count)]
    (part,) = render("کون سا؟", choices, TELEGRAM, "ur")
    result = send(way.url, part)
    assert result.outcome is Outcome.SENT
    assert result.provider_id.isdecimal()
    (form,) = way.forms(SEND)
    assert (form["chat_id"], form["text"]) == (str(PERSON), part.text)
    buttons = [button for row in json_text.loads(form["reply_markup"])["inline_keyboard"] for button in row]
    assert [(button["text"], button["callback_data"]) for button in buttons] == [(c.title, choice_id(c.payload)) for c in choices]
    assert {len(button["callback_data"]) for button in buttons} == {16}


def test_each_message_has_its_own_id(way: WireMock) -> None:
    assert len({send(way.url, "hello").provider_id for _ in range(3)}) == 3


@pytest.mark.parametrize("locale", CODES)
def test_an_answer_longer_than_telegram_takes_goes_out_whole_in_parts(locale: str, answers: Answers, way: WireMock) -> None:
    names = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]
    everything = "\n\n".join(answers.render(name, locale, "PH").text for name in names)[:9000] + " 👍" * 200
    assert units(everything) > 2 * 4096
    parts = render(everything, [Choice("OK", "/ok")], TELEGRAM, locale)
    assert [send(way.url, part).outcome for part in parts] == [Outcome.SENT] * len(parts)
    assert [form["text"] for form in way.forms(SEND)] == [part.text for part in parts]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("ہ" * 4096, Outcome.SENT),
        ("ہ" * 4097, Outcome.REFUSED),
        ("👍" * 2048, Outcome.SENT),
        ("👍" * 2049, Outcome.REFUSED),
        (" \n", Outcome.REFUSED),
    ],
)
def test_telegrams_limit_is_4096_units_and_a_refusal_is_final(text: str, outcome: Outcome, way: WireMock) -> None:
    assert send(way.url, text).outcome is outcome
    assert way.count(SEND) == 1


def error(status: int, description: str, **parameters: Any) -> Response:
    """An error as Telegram's API words it."""
    body = {"ok": False, "error_code": status, "description": description}
    return json(status, {**body, "parameters": parameters} if parameters else body)


MADE = json(200, {"ok": True, "result": {"message_id": 5, "date": 1790000000, "chat": {"id": PERSON, "type": "private"}}})

#: name, answer, outcome
FAULTS: list[tuple[str, Response, Outcome]] = [
    ("too many requests", error(429, "Too Many Requests: retry after 7", retry_after=7), Outcome.RETRY),
    ("blocked", error(403, "Forbidden: bot was blocked by the user"), Outcome.OPTED_OUT),
    ("deactivated", error(403, "Forbidden: user is deactivated"), Outcome.OPTED_OUT),
    ("never wrote", error(403, "Forbidden: bot can't initiate conversation with a user"), Outcome.OPTED_OUT),
    ("no such chat", error(400, "Bad Request: chat not found"), Outcome.UNREACHABLE),
    ("too long", error(400, "Bad Request: message is too long"), Outcome.REFUSED),
    ("bad button", error(400, "Bad Request: BUTTON_DATA_INVALID"), Outcome.REFUSED),
    ("chat moved", error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100), Outcome.REFUSED),
    ("wrong token", error(401, "Unauthorized"), Outcome.MISCONFIGURED),
    ("no such bot", error(404, "Not Found"), Outcome.MISCONFIGURED),
    ("another instance", error(409, "Conflict: terminated by other getUpdates request"), Outcome.MISCONFIGURED),
    ("server error", error(500, "Internal Server Error"), Outcome.UNKNOWN),
    ("bad gateway, as a page", html(502), Outcome.UNKNOWN),
    ("fine, as a page", html(200), Outcome.UNKNOWN),
    ("no body", {"status": 200}, Outcome.UNKNOWN),
    ("reset", RESET, Outcome.UNKNOWN),
    ("hung up", EMPTY, Outcome.UNKNOWN),
    ("bad chunk", BAD_CHUNK, Outcome.UNKNOWN),
    ("too late", late(MADE, LIMIT_S * 2), Outcome.UNKNOWN),
]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("name", "answer", "outcome"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_failing_send_has_its_outcome_and_is_asked_for_once(
    name: str, answer: Response, outcome: Outcome, wiremock: WireMock
) -> None:
    wiremock.rule(SEND, answer, "POST")
    result = send(wiremock.url, "hello")
    assert (result.outcome, result.provider_id) == (outcome, "")
    assert wiremock.count("/.*", "ANY") == 1
    if name == "too many requests":
        assert result.wait is not None
        assert 7 <= result.wait < 8


@pytest.mark.usefixtures("hurried")
def test_a_refused_connection_is_provably_unsent() -> None:
    assert send(NOBODY, "hello").outcome is Outcome.RETRY


@pytest.mark.usefixtures("hurried")
def test_a_connection_that_never_comes_about_is_provably_unsent() -> None:
    with deaf() as address:
        assert send(address, "hello").outcome is Outcome.RETRY


@pytest.fixture
def gateway(tmp_path: Path, way: WireMock, bot_api: BotApi) -> Iterator[Gateway]:
    """A gateway at work whose webhook was set as the operator sets it."""
    with opened(tmp_path, TELEGRAM_API_BASE=way.url) as gateway:
        lines = set_webhooks(gateway.services.settings)
        assert f"{gateway.url}/webhooks/telegram" in lines[-1]
        yield gateway
        bot_api.forgets_webhook()


def test_an_update_arrives_is_answered_and_its_tap_is_acknowledged(gateway: Gateway, bot_api: BotApi, way: WireMock) -> None:
    offered = (("Was kostet das?", "/ask_cost"), ("هزینه", "/ask_papers"))
    gateway.rasa.answer = lambda body: (200, said("utter_ask_cost", f"You asked: {body['text']}", offered))
    bot_api.begins_to_judge()
    bot_api.writes(PERSON, "how much is the ticket for my family 👩‍👩‍👧")
    (form,) = eventually(lambda: way.forms(SEND))
    assert form["text"] == "You asked: how much is the ticket for my family 👩‍👩‍👧"
    button = json_text.loads(form["reply_markup"])["inline_keyboard"][0][0]
    bot_api.taps(PERSON, button["callback_data"])
    second = eventually(lambda: way.forms(SEND)[1:])[0]
    assert second["text"] == "You asked: /ask_cost"
    kept = gateway.kept(str(PERSON))
    assert [(each.kind, each.choice_id) for each in kept] == [(Kind.TEXT, ""), (Kind.TAP, button["callback_data"])]
    eventually(gateway.at_rest)
    eventually(lambda: bot_api.verdict("answerCallbackQuery")["ok"])
    assert [row.provider_id.isdecimal() for row in gateway.rows()] == [True, True]


def test_after_a_503_updates_come_again_in_order_and_are_kept_once(gateway: Gateway, bot_api: BotApi, tmp_path: Path) -> None:
    spool, kept_in = gateway.services.spool, gateway.services.inbox._engine
    limit, spool._limit = spool._limit, 10
    gateway.services.inbox._engine = connect(f"sqlite:///{tmp_path / 'without-tables.db'}")
    first, second = bot_api.writes(PERSON, "the first message"), bot_api.writes(PERSON, "the second message")
    assert (bot_api.delivers(), bot_api.waiting()) == (0, 2)
    assert {delivery for delivery in bot_api.deliveries() if delivery[0] >= first} == {(first, 503)}, "the first blocks its queue"
    gateway.services.inbox._engine, spool._limit = kept_in, limit
    assert (bot_api.delivers(), bot_api.waiting()) == (2, 0)
    assert bot_api.deliveries()[-2:] == [(first, 200), (second, 200)]
    assert [each.text for each in gateway.kept(str(PERSON))] == ["the first message", "the second message"]


def test_an_update_whose_acknowledgement_got_lost_is_kept_and_answered_once(
    gateway: Gateway, bot_api: BotApi, way: WireMock
) -> None:
    gateway.rasa.answer = lambda body: (200, said("utter_ask_cost", f"You asked: {body['text']}"))
    to_us = passed_on(gateway.url)
    way.rule("/webhooks/telegram", to_us, "POST")
    way.once("/webhooks/telegram", [late(to_us, 6.5)])  # the server waits five seconds, or a little longer
    bot_api.sets_webhook(f"{way.url}/webhooks/telegram", SECRET)
    number = bot_api.writes(PERSON, "how much is the ticket for my family")
    assert bot_api.deliveries()[-1] == (number, 0)
    assert len(gateway.kept(str(PERSON))) == 1
    assert bot_api.delivers() == 1
    assert bot_api.deliveries()[-1] == (number, 200)
    eventually(gateway.at_rest)
    assert len(gateway.kept(str(PERSON))) == 1
    assert [form["text"] for form in way.forms(SEND)] == ["You asked: how much is the ticket for my family"]


def test_an_update_with_a_wrong_secret_is_refused_and_comes_again_with_the_right_one(gateway: Gateway, bot_api: BotApi) -> None:
    bot_api.sets_webhook(f"{gateway.url}/webhooks/telegram", "another-secret")
    number = bot_api.writes(PERSON, "hello")
    assert (bot_api.deliveries()[-1], bot_api.waiting()) == ((number, 403), 1)
    assert gateway.kept() == []
    bot_api.sets_webhook(f"{gateway.url}/webhooks/telegram", SECRET)
    assert (bot_api.deliveries()[-1], bot_api.waiting()) == ((number, 200), 0)
    assert len(gateway.kept()) == 1


def test_after_waiting_as_telegram_asked_an_answer_of_unknown_fate_goes_out_once_more(
    gateway: Gateway, bot_api: BotApi, way: WireMock
) -> None:
    gateway.rasa.answer = lambda body: (200, said("utter_ask_cost", "It is free at USCIS."))
    busy = error(429, "Too Many Requests: retry after 1", retry_after=1)
    way.once(SEND, [busy, busy, RESET])
    bot_api.writes(PERSON, "how much is the ticket for my family")
    eventually(lambda: way.count(SEND) >= 3 and gateway.at_rest(), within_s=30)
    assert gateway.states() == ["sent"]
    assert way.count(SEND) == 4
