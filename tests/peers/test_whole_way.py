"""From a person's message at Twilio to our answer at Twilio, also while every tenth send fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.channels import twilio
from bot.channels.base import ChannelName
from bot.channels.render import render
from bot.gateway.services import CAPABILITIES
from bot.i18n.answers import Answers
from tests.peers.emulate import Emulate
from tests.peers.gateway import Gateway, opened
from tests.peers.programs import eventually
from tests.peers.wiremock import RESET, WireMock, json, late, passed_on
from tests.talk import said

pytestmark = pytest.mark.peers
MESSAGES = "/2010-04-01/Accounts/[^/]+/Messages.json"
CHANNELS = [ChannelName.SMS, ChannelName.WHATSAPP]
LIMIT_S = 3.0
FIRST_WORDS = {
    "en": "how much is the ticket for my family",
    "es": "cuanto cuesta el pasaje para mi familia",
    "fr": "bonjour ma soeur veut venir",
    "pt": "quero saber do meu caso por favor",
    "ar": "السلام عليكم كم سعر التذكرة",
    "ru": "когда приедет моя семья",
    "zh": "我的妻子可以来吗",
    "ur": "میری بہن کب آ سکتی ہے",
}
TOO_MANY = json(429, {"code": 20429, "message": "Too Many Requests", "status": 429})


@pytest.fixture
def gateway(tmp_path: Path, emulate: Emulate, wiremock: WireMock, checked_twilio: str) -> Iterator[Gateway]:
    """A gateway at work, with WireMock and then Prism on its way to Twilio."""
    wiremock.rule("/.*", passed_on(checked_twilio), priority=9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twilio, "TIME_LIMIT_S", LIMIT_S)
        with opened(tmp_path, TWILIO_API_BASE=wiremock.url) as gateway:
            emulate.calls(f"{gateway.url}/webhooks/twilio")
            yield gateway


def bodies(emulate: Emulate, person: str) -> list[str | None]:
    """The texts this person got, in order."""
    return [message.body for message in emulate.heard(person)]


def test_everybody_is_answered_once_and_in_their_language(emulate: Emulate, gateway: Gateway, answers: Answers) -> None:
    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        worded = answers.render("utter_ask_cost", body["metadata"]["locale"], body["metadata"]["country"])
        return 200, said("utter_ask_cost", worded.text)

    gateway.rasa.answer = answer
    people = {emulate.person(channel): (channel, locale) for channel in CHANNELS for locale in FIRST_WORDS}
    for person, (_, locale) in people.items():
        emulate.writes(person, FIRST_WORDS[locale])
    eventually(gateway.at_rest, within_s=40)
    time.sleep(1)  # a second answer would come now
    for person, (channel, locale) in people.items():
        text = answers.render("utter_ask_cost", locale, "PH").text
        assert bodies(emulate, person) == [part.text for part in render(text, [], CAPABILITIES[channel], locale)], locale
    assert set(gateway.states()) == {"sent"}
    assert len({body["message_id"] for body in gateway.rasa.requests}) == len(gateway.rasa.requests) == len(people)


def echo(body: dict[str, Any]) -> tuple[int, Any]:
    """Every answer names its question, so that none can stand for another."""
    return 200, said("utter_ask_cost", f"You asked: {body['text']}")


def test_while_every_tenth_send_fails_each_message_gets_one_answer_in_order(
    emulate: Emulate, gateway: Gateway, wiremock: WireMock, checked_twilio: str
) -> None:
    """429: unsent. Reset: unsent, but only Twilio knows. Too late: sent, but only Twilio knows."""
    usual = passed_on(checked_twilio)
    wiremock.every(10, MESSAGES, [TOO_MANY, RESET, TOO_MANY, RESET, late(usual, LIMIT_S + 2)], usual)
    gateway.rasa.answer = echo
    people = [emulate.person(CHANNELS[number % 2]) for number in range(20)]
    questions = [f"how much does the ticket for my family cost, question {number}" for number in range(10)]

    def write(person: str) -> None:
        for question in questions:
            emulate.writes(person, question)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, people))
    eventually(gateway.at_rest, within_s=120, every_s=0.5)
    for person in people:
        assert bodies(emulate, person) == [f"You asked: {question}" for question in questions]
    assert gateway.states() == ["sent"] * 200
    failed = wiremock.count(MESSAGES, "POST") - 200
    assert failed >= 12, "hardly anything failed: the test proves nothing"
    assert wiremock.count(MESSAGES, "GET") >= 4, "hardly anything was looked up: the test proves nothing"
    assert len(gateway.rasa.requests) == 200, "a failed send must not ask Rasa again"


def test_the_same_answer_given_twice_is_sent_twice_though_the_second_send_was_reset(
    emulate: Emulate, gateway: Gateway, wiremock: WireMock, checked_twilio: str
) -> None:
    gateway.rasa.answer = lambda body: (200, said("utter_ask_cost", "It is free at USCIS."))
    person = emulate.person(ChannelName.WHATSAPP)
    wiremock.once(MESSAGES, [passed_on(checked_twilio), RESET])
    for question in ("how much does the ticket for my family cost", "once more, how much does the ticket cost please"):
        emulate.writes(person, question)
        eventually(lambda: gateway.rasa.requests and gateway.at_rest())
    assert wiremock.count(MESSAGES, "POST") >= 2
    assert bodies(emulate, person) == ["It is free at USCIS."] * 2


def test_while_twilio_is_away_answers_wait_and_then_go_out_once(
    emulate: Emulate, gateway: Gateway, wiremock: WireMock, checked_twilio: str
) -> None:
    gateway.rasa.answer = echo
    person = emulate.person(ChannelName.SMS)
    unavailable = json(503, {"code": 20503, "message": "Service unavailable", "status": 503})
    wiremock.once(MESSAGES, [unavailable, unavailable, RESET])
    questions = [f"how much does the ticket for my family cost, question {number}" for number in range(3)]
    for question in questions:
        emulate.writes(person, question)
    eventually(gateway.at_rest, within_s=40)
    assert bodies(emulate, person) == [f"You asked: {question}" for question in questions]


def test_a_refused_answer_does_not_hold_up_the_next_one(emulate: Emulate, gateway: Gateway, wiremock: WireMock) -> None:
    gateway.rasa.answer = echo
    person = emulate.person(ChannelName.SMS)
    wiremock.once(MESSAGES, [json(400, {"code": 30007, "message": "filtered", "status": 400})])
    questions = [f"how much does the ticket for my family cost, question {number}" for number in range(2)]
    for question in questions:
        emulate.writes(person, question)
    eventually(gateway.at_rest)
    assert bodies(emulate, person) == [f"You asked: {questions[1]}"]
    assert gateway.states() == ["failed", "sent"]
