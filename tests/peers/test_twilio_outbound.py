"""What we send, before Twilio's own description of its API and a Twilio that remembers."""

from __future__ import annotations

from functools import cache

import httpx
import pytest
import yaml

from bot.channels.base import ChannelName, OfferedChoice, Outcome, Part
from bot.channels.render import render
from bot.gateway.services import CAPABILITIES
from bot.i18n.answers import Answers, Choice
from bot.i18n.languages import CODES
from bot.settings import ROOT
from tests.peers.emulate import ACCOUNT, TOKEN, Emulate
from tests.peers.programs import NOBODY
from tests.peers.twilio_channel import sending

pytestmark = pytest.mark.peers
TWILIO_CHANNELS = [ChannelName.SMS, ChannelName.WHATSAPP]
LONGEST = 3


@cache
def names() -> list[str]:
    """All responses."""
    return list(yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"])


def parts_of(answers: Answers, channel: ChannelName, locale: str, name: str) -> list[Part]:
    """A response as this channel carries it, its choices left out."""
    return render(answers.render(name, locale, "PH").text, [], CAPABILITIES[channel], locale)


@pytest.mark.parametrize("locale", CODES)
@pytest.mark.parametrize("channel", TWILIO_CHANNELS)
def test_an_answer_in_each_language_arrives_to_the_letter(
    channel: ChannelName, locale: str, answers: Answers, emulate: Emulate, checked_twilio: str
) -> None:
    person = emulate.person(channel)
    longest = sorted(names(), key=lambda name: len(answers.render(name, locale, "PH").text))[-LONGEST:]
    parts = [part for name in ["utter_welcome", *longest] for part in parts_of(answers, channel, locale, name)]
    with sending(channel, checked_twilio) as twilio:
        results = [twilio.send(person, part) for part in parts]
    assert {result.outcome for result in results} == {Outcome.SENT}
    heard = emulate.heard(person)
    assert [(message.sid, message.body) for message in heard] == [
        (result.provider_id, part.text) for result, part in zip(results, parts, strict=True)
    ]
    if not (ROOT / "locales" / locale).exists() and locale != "en":
        pytest.skip(f"NO CATALOGUE of {locale} yet: its answers went out in English")
    assert locale == "en" or heard[0].body != parts_of(answers, channel, "en", "utter_welcome")[0].text


@pytest.mark.parametrize("channel", TWILIO_CHANNELS)
@pytest.mark.parametrize(("length", "outcome"), [(1600, Outcome.SENT), (1601, Outcome.REFUSED)])
def test_twilios_limit_of_1600_characters_is_a_refusal_and_no_retry(
    channel: ChannelName, length: int, outcome: Outcome, emulate: Emulate, checked_twilio: str
) -> None:
    person = emulate.person(channel)
    with sending(channel, checked_twilio) as twilio:
        assert twilio.send(person, "ä" * length).outcome is outcome
    assert len(emulate.heard(person)) == (1 if outcome is Outcome.SENT else 0)


@pytest.mark.parametrize("address", ["12345", "whatsapp:63917", "+0639170000000"])
def test_a_number_that_is_none_is_refused(address: str, checked_twilio: str) -> None:
    with sending(ChannelName.SMS, checked_twilio) as twilio:
        assert twilio.send(address, "hello").outcome is Outcome.REFUSED


@pytest.mark.parametrize("count", [1, 3, 4, 10])
def test_choices_make_a_template_that_twilio_takes_and_a_second_send_uses_it_again(
    count: int, emulate: Emulate, checked_twilio: str, content_api: str
) -> None:
    choices = [Choice(f"اختيار {number} £é", f"/choice_{number}") for number in range(count)]
    (part,) = render("أي واحد؟", choices, CAPABILITIES[ChannelName.WHATSAPP], "ar", label="اختر")
    assert len(part.choices) == count
    person = emulate.person(ChannelName.WHATSAPP)
    with sending(ChannelName.WHATSAPP, checked_twilio, content_api) as twilio:
        assert twilio.send(person, part).outcome is Outcome.SENT
        twilio.client.content.base_url = NOBODY  # nothing can be made any more
        assert twilio.send(person, part).outcome is Outcome.SENT
    assert [message.body for message in emulate.heard(person)] == [None, None]  # the text is the template's


@pytest.mark.parametrize(
    "kind",
    [
        {"twilio/quick-reply": {"body": "Which?", "actions": [{"id": "1"}]}},
        {"twilio/list-picker": {"body": "Which?", "items": [{"id": "1", "item": "One"}]}},
        {"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": [{"id": "1", "title": "One"}]}},
    ],
)
def test_the_content_api_refuses_what_is_not_as_twilio_describes_it(kind: dict[str, object], content_api: str) -> None:
    """Without this, the test above could not fail."""
    body = {"friendly_name": "hearth", "language": "en", "types": kind}
    assert httpx.post(f"{content_api}/v1/Content", json=body, auth=(ACCOUNT, TOKEN)).status_code == 422


def test_a_template_that_cannot_be_made_sends_nothing(emulate: Emulate, checked_twilio: str) -> None:
    person = emulate.person(ChannelName.WHATSAPP)
    part = Part("Which?", (OfferedChoice("a" * 16, "One"),))
    with sending(ChannelName.WHATSAPP, checked_twilio, NOBODY) as twilio:
        assert twilio.send(person, part).outcome is Outcome.RETRY
    assert emulate.heard(person) == []


@pytest.mark.parametrize("channel", TWILIO_CHANNELS)
def test_find_tells_a_message_that_went_out_from_one_that_did_not(
    channel: ChannelName, emulate: Emulate, checked_twilio: str
) -> None:
    person, other = emulate.person(channel), emulate.person(channel)
    with sending(channel, checked_twilio) as twilio:
        sent = twilio.send(person, "Größe: 5 €, 👍")
        found = twilio.find(person, "Größe: 5 €, 👍")
        assert found is not None
        assert (found.outcome, found.provider_id) == (Outcome.SENT, sent.provider_id)
        for address, text in ((person, "Größe: 5 €"), (other, "Größe: 5 €, 👍")):
            missed = twilio.find(address, text)
            assert missed is not None
            assert missed.outcome is Outcome.RETRY


def test_a_find_that_gets_no_answer_stays_unknown() -> None:
    with sending(ChannelName.SMS, NOBODY) as twilio:
        found = twilio.find("+639170000000", "hello")
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
