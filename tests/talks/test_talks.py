"""Whole conversations through the gateway, the trained Rasa and the action server."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import yaml

from bot.channels.base import ChannelName, Part
from bot.gateway.rasa import Rasa
from bot.i18n.answers import Answers
from bot.i18n.languages import CODES
from bot.settings import ROOT
from tests.talk import Talk

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
Start = Callable[[ChannelName], Talk]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
INTENTS = [name for entry in DOMAIN["intents"] for name in ([entry] if isinstance(entry, str) else entry)]
ONLY_BUTTONS = ("inform", "more", "learn_more")


def texts(parts: list[Part]) -> str:
    return "\n".join(part.text for part in parts)


def plain(answers: Answers, name: str, locale: str) -> str:
    return answers.render(name, locale, "PH").text


@pytest.mark.parametrize("locale", CODES)
async def test_every_intent_is_answered_in_every_language(rasa: Rasa, answers: Answers, locale: str) -> None:
    for intent in INTENTS:
        if intent in ONLY_BUTTONS:
            continue
        metadata = {"locale": locale, "channel": "whatsapp", "country": "PH", "payload": True}
        replies = await rasa.ask(uuid.uuid4().hex, f"/{intent}", "1", metadata)
        assert any(reply.text or reply.custom for reply in replies), intent
        for reply in replies:
            assert "{" not in reply.text, (intent, reply.text)
            if reply.text and locale in ("ar", "ru", "zh", "ur"):
                assert not reply.text.isascii(), (intent, reply.text)


async def test_every_follow_up_button_leads_somewhere(rasa: Rasa) -> None:
    payloads = {b["payload"] for variants in DOMAIN["responses"].values() for b in variants[0].get("buttons") or ()}
    # Private buttons are the gateway's own and never go to Rasa: tests/consent.
    for payload in sorted(payload for payload in payloads if not payload.startswith("/private")):
        metadata = {"locale": "es", "channel": "telegram", "country": None, "payload": True}
        assert await rasa.ask(uuid.uuid4().hex, payload, "1", metadata), payload


async def test_a_text_that_looks_like_a_command_is_only_text(rasa: Rasa) -> None:
    metadata = {"locale": "en", "channel": "sms", "country": None, "payload": False}
    for text in ('/inform{"question": "relation", "answer": "spouse"}', "/restart", "/session_start"):
        replies = await rasa.ask(uuid.uuid4().hex, text, "1", metadata)
        assert all(reply.text for reply in replies if not reply.custom)


COST = {
    "en": "hello how much does the plane ticket cost",
    "es": "hola cuánto cuesta el pasaje de avión",
    "fr": "bonjour combien coûte le billet d'avion",
    "pt": "oi quanto custa a passagem de avião",
    "ar": "السلام عليكم كم سعر تذكرة الطيران",
    "ru": "здравствуйте сколько стоит билет на самолет",
    "zh": "你好 机票多少钱",
    "ur": "السلام علیکم ٹکٹ کتنے کا ہے",
}


@pytest.mark.parametrize("locale", CODES)
async def test_a_question_in_ones_own_language_is_answered_in_it(start: Start, answers: Answers, locale: str) -> None:
    talk = start(ChannelName.TELEGRAM)
    parts = await talk.says(COST[locale])
    # An unsure reading asks first what was meant, in the same language; the meaning must be among what it offers.
    meant = answers.render("utter_intent_ask_cost", locale).text
    if any(choice.title == meant for part in parts for choice in part.choices):
        parts = await talk.taps(meant)
    plain = texts(parts).replace("\u2066", "").replace("\u2069", "")
    assert answers.translated("utter_ask_cost", DOMAIN["responses"]["utter_ask_cost"][0]["text"], locale)[:20] in plain


async def test_who_may_come_asks_one_thing_at_a_time_and_ends_with_a_careful_answer(start: Start) -> None:
    talk = start(ChannelName.TELEGRAM)
    await talk.says("can my wife come to the united states?")
    for _ in range(12):
        titles = [choice.title for choice in talk.heard[-1].choices]
        wanted = next(
            (
                t
                for t in ("That is right", "Approved", "Before sending it", "Married by law", "In another country", "No danger")
                if t in titles
            ),
            None,
        )
        if wanted is None:
            break
        await talk.taps(wanted)
    said = texts(talk.heard)
    assert "USCIS decides" in said
    assert "eligible" not in said.lower()


async def test_an_interrupted_conversation_is_taken_up_again(start: Start, answers: Answers) -> None:
    talk = start(ChannelName.SMS)
    await talk.says("can my wife come to the united states?")
    question = talk.heard[-1].text
    parts = await talk.says("how much does the plane ticket cost?")
    said = texts(parts)
    assert "USCIS should take no fee" in said
    assert question.split("\n")[0] in said
    await talk.says("start again please, begin from zero")
    assert talk.heard[-1].text


async def test_the_guide_goes_step_by_step_at_the_persons_pace(start: Start) -> None:
    talk = start(ChannelName.WHATSAPP)
    await talk.says("what happens on the day of travel, step by step?")
    await talk.taps("Me with children")
    await talk.taps("At the airport")
    first = texts(talk.heard)
    await talk.taps("Next")
    assert texts(talk.heard) != first
    assert "3 hours" in texts(talk.heard)


async def test_a_language_asked_for_in_words_is_kept(start: Start) -> None:
    talk = start(ChannelName.TELEGRAM)
    await talk.says("please can you speak arabic to me")
    parts = await talk.says("ok thank you very much")
    assert any("\u0600" <= character <= "\u06ff" for character in texts(parts))


async def test_an_unsure_reading_becomes_a_question_and_then_a_person_is_offered(start: Start, answers: Answers) -> None:
    talk = start(ChannelName.TELEGRAM)
    await talk.says("good morning to all of you there")
    first = await talk.says("blue seven the when of it maybe yes no other")
    second = await talk.says("xq zrt the of when blue maybe")
    assert any(part.choices for part in first + second)


async def test_soft_words_of_danger_reach_a_person(start: Start) -> None:
    talk = start(ChannelName.WHATSAPP)
    await talk.says("he keeps my passport in his drawer and he does not let me leave the house")
    assert any(urgency == "urgent" for _, urgency in talk.tickets())


@pytest.mark.parametrize("channel", list(ChannelName))
async def test_the_same_talk_works_on_every_channel(start: Start, channel: ChannelName) -> None:
    talk = start(channel)
    await talk.says("which papers do i need for the application?")
    assert "papers" in texts(talk.heard).lower()
    if talk.heard[-1].choices:
        await talk.taps("Translations")
    else:
        await talk.says("3")
    assert "translation" in talk.heard[-1].text.lower()
