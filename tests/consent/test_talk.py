"""Whole conversations about somebody's own case: link, ask, refuse, take back, hide; and nobody else hears a word of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.store.tables import inbox, outbox, person
from tests.conftest import Clock
from tests.consent.conftest import ASKED
from tests.talk import Talk, said

pytestmark = pytest.mark.anyio
PIN, SECOND = "2580", "7391"


def family(talk: Talk) -> str:
    """A case with a principal and a sister abroad, each at a step of their own; gives the case's id."""
    with talk.desk.cases.changing("import", talk.clock()) as change:
        case = change.case("HF-1", caseworker="ana")
        survivor = change.person("P1", name="First Person", born=date(1990, 1, 1))
        sister = change.person("P2", name="Second Person", born=date(1995, 1, 1))
        change.role(case, survivor, "principal")
        change.role(case, sister, "derivative")
        change.milestone(case, survivor, "application_filed", date(2026, 5, 2))
        change.milestone(case, sister, "interview_set", date(2026, 10, 3))
    return case


def code_for(talk: Talk, reference: str = "P2") -> str:
    return talk.desk.codes.issue("HF-1", reference, "ana", talk.clock())


async def link(talk: Talk, reference: str = "P2", pin: str = PIN) -> None:
    await talk.says("hello, i have a question about papers")
    await talk.says(code_for(talk, reference))
    await talk.says(pin)
    await talk.says(pin)
    await talk.taps("I agree")


def texts(parts: list) -> str:
    return "\n".join(part.text for part in parts)


async def test_a_linked_person_asks_and_gets_their_own_step(talk: Talk) -> None:
    family(talk)
    await link(talk)
    answer = texts(await talk.says("where is my case"))
    assert "interview" in answer
    assert "October 3, 2026" in answer
    assert "May" not in answer  # the survivor's own step


async def test_the_pin_is_asked_again_after_ten_minutes(talk: Talk, clock: Clock) -> None:
    family(talk)
    await link(talk)
    clock.pass_(601)
    assert "PIN" in texts(await talk.says("where is my case"))
    assert "October 3, 2026" in texts(await talk.says(PIN))


async def test_codes_and_pins_never_reach_rasa_and_their_texts_are_not_kept(talk: Talk) -> None:
    family(talk)
    await link(talk)
    assert all(PIN not in request["text"] for request in talk.rasa.requests)
    bodies = talk.texts(inbox)
    with talk.engine.connect() as connection:
        hashes = [row.pin_hash for row in connection.execute(select(person.c.pin_hash)) if row.pin_hash]
    assert not any(PIN in body for body in bodies)
    assert hashes
    assert all(each.startswith("$argon2id$") for each in hashes)


async def test_on_telegram_the_message_with_a_pin_is_deleted_at_once(talk: Talk) -> None:
    family(talk)
    await talk.says("hello, i have a question about papers")
    await talk.says(code_for(talk))
    await talk.says(PIN, extra={"message_id": "77"})
    assert talk.channel.removed == ["77"]


@pytest.mark.parametrize(
    "situation", ["unlinked", "wrong pin", "held", "closed", "withdrawn", "declined", "expired", "no longer one"]
)
async def test_every_refusal_is_the_same_one_message(talk: Talk, clock: Clock, situation: str) -> None:
    case = family(talk)
    if situation == "unlinked":
        await talk.says("hello, i have a question about papers")
    elif situation == "declined":
        await talk.says("hello, i have a question about papers")
        await talk.says(code_for(talk))
        await talk.says(PIN)
        await talk.says(PIN)
        await talk.taps("No")
    else:
        await link(talk)
    with talk.desk.cases.changing("ana", clock()) as change:
        if situation == "held":
            change.hold(case, True)
        elif situation == "closed":
            change.close(case)
        elif situation == "no longer one":
            change.end_role(case, change.person_id(case, "P2"))
    if situation == "withdrawn":
        await talk.says("take my permission back")
    clock.pass_(timedelta(days=366).total_seconds() if situation == "expired" else 601)
    asked = await talk.says("where is my case")
    assert texts(asked) == talk.answers.render("utter_pin_ask", "en").text
    refused = await talk.says("9182" if situation == "wrong pin" else PIN)
    assert [part.text for part in refused] == [talk.answers.render("utter_private_nothing", "en").text]


async def test_consent_taken_back_stops_an_answer_that_waits_to_be_sent(talk: Talk) -> None:
    family(talk)
    await link(talk)
    talk.send("where is my case")
    while await talk.worker.step():
        pass
    talk.send("take my permission back")
    while await talk.worker.step():
        pass
    answer = texts(await talk.settle())
    assert "October" not in answer
    assert talk.answers.render("utter_withdrawn", "en").text in answer
    assert "withdrawn" in talk.states()


async def test_an_answer_that_was_sent_is_not_kept(talk: Talk) -> None:
    family(talk)
    await link(talk)
    await talk.says("where is my case")
    assert not any("October" in body for body in talk.texts(outbox))


async def test_a_second_pin_shows_no_news_and_quietly_calls_for_help(talk: Talk, clock: Clock) -> None:
    family(talk)
    await link(talk)
    await talk.taps("A second PIN")
    assert texts(await talk.says(SECOND)) == talk.answers.render("utter_duress_set", "en").text
    clock.pass_(601)
    await talk.says("where is my case")
    shown = await talk.says(SECOND)
    assert [part.text for part in shown] == [talk.answers.render("utter_case_no_news", "en").text]
    assert ("duress", "urgent") in talk.tickets()
    # Who looks on may go on asking: it stays at nothing.
    assert texts(await talk.says("when is my appointment")) == talk.answers.render("utter_appointments_none", "en").text


async def test_a_year_is_no_pin_and_goes_the_ordinary_way(talk: Talk) -> None:
    family(talk)
    await talk.says("hello, i have a question about papers")
    assert texts(await talk.says("2009")) == "what Rasa worded"
    await talk.says(code_for(talk))
    assert texts(await talk.says("1994")) == talk.answers.render("utter_link_pin_weak", "en").text


async def test_the_second_pin_cannot_be_the_first(talk: Talk) -> None:
    family(talk)
    await link(talk)
    await talk.taps("A second PIN")
    assert texts(await talk.says(PIN)) == talk.answers.render("utter_link_pin_weak", "en").text


async def test_five_wrong_pins_lock_for_a_day_and_tell_a_person_once(talk: Talk, clock: Clock) -> None:
    family(talk)
    await link(talk)
    clock.pass_(601)
    for number in range(6):
        await talk.says(f"91{number}2")
    assert talk.tickets().count(("locked", "high")) == 1
    nothing = talk.answers.render("utter_private_nothing", "en").text
    assert texts(await talk.says(PIN)) == nothing
    clock.pass_(24 * 3600 + 60)
    assert "October 3, 2026" in texts(await talk.says(PIN))


async def test_a_code_works_once_and_on_one_phone(talk: Talk, start: Callable[[ChannelName], Talk]) -> None:
    family(talk)
    code = code_for(talk)
    await talk.says("hello, i have a question about papers")
    await talk.says(code)
    other = start(ChannelName.WHATSAPP)
    await other.says("hello, i have a question about papers")
    wrong = talk.answers.render("utter_link_code_wrong", "en").text
    assert texts(await other.says(code)) == wrong
    assert texts(await talk.says(code)) == wrong


async def test_sms_only_ever_hears_whether_there_is_news(start: Callable[[ChannelName], Talk], clock: Clock) -> None:
    talk = start(ChannelName.SMS)
    case = family(talk)
    await talk.says("hello, i have a question about papers")
    await talk.says(code_for(talk))
    await talk.says(PIN)
    await talk.says(PIN)
    await talk.says("1")
    news, none = (talk.answers.render(name, "en").text for name in ("utter_case_news_sms", "utter_case_no_news"))
    assert texts(await talk.says("where is my case")) == news
    clock.pass_(60)
    assert texts(await talk.says("where is my case")) == none
    clock.pass_(60)
    with talk.desk.cases.changing("ana", clock()) as change:
        change.milestone(case, change.person_id(case, "P2"), "visa_issued", date(2026, 11, 20))
    for question in ASKED:
        if question.startswith("when"):
            assert texts(await talk.says(question)) == news
            return


async def test_one_word_hides_the_talk_until_the_pin(talk: Talk, clock: Clock) -> None:
    family(talk)
    await link(talk)
    await talk.says("where is my case", extra={"message_id": "90"}, provider_message_id="424242:90")
    hidden = await talk.says("hide", provider_message_id="424242:91")
    assert texts(hidden) == talk.answers.render("utter_hidden", "en").text
    assert {"90", "91"} <= set(talk.channel.removed)
    neutral = talk.answers.render("utter_neutral", "en").text
    assert texts(await talk.says("where is my case")) == neutral
    assert texts(await talk.says("9182")) == neutral
    assert texts(await talk.says(PIN)) == talk.answers.render("utter_unhidden", "en").text
    assert texts(await talk.says("how much is it?")) == "what Rasa worded"


async def test_a_second_pin_in_a_hidden_talk_stays_neutral_and_calls_for_help(talk: Talk) -> None:
    family(talk)
    await link(talk)
    await talk.taps("A second PIN")
    await talk.says(SECOND)
    await talk.says("hide")
    assert texts(await talk.says(SECOND)) == talk.answers.render("utter_neutral", "en").text
    assert ("duress", "urgent") in talk.tickets()


async def test_danger_is_met_in_a_hidden_talk_too(talk: Talk) -> None:
    await talk.says("hello, i have a question about papers")
    await talk.says("hide")
    await talk.says("he is going to kill me")
    assert any(urgency == "urgent" for _, urgency in talk.tickets())


async def test_a_person_sees_who_looked_at_their_case(talk: Talk) -> None:
    family(talk)
    await link(talk)
    await talk.says("where is my case")
    talk.rasa.answer = lambda body: (200, said("utter_privacy_kept", "kept", (("Who looked", '/private{"answer": "looked"}'),)))
    await talk.says("what do you keep about me")
    answer = texts(await talk.taps("Who looked"))
    assert "this chat, after your PIN" in answer


async def test_every_step_is_in_the_audit_log(talk: Talk) -> None:
    family(talk)
    await link(talk)
    await talk.says("where is my case")
    assert audit.verify(talk.engine) == []
    with talk.engine.connect() as connection:
        lines = connection.execute(select(audit.audit)).all()
    assert {"code:issue", "code:redeem", "pin:set", "consent:case_status", "show-case_status"} <= {line.action for line in lines}
    assert all("First" not in str(line) and "Second" not in str(line) for line in lines)


async def test_two_people_share_a_phone_and_each_sees_their_own(talk: Talk, clock: Clock) -> None:
    family(talk)
    await link(talk)
    await link(talk, "P1", SECOND)
    clock.pass_(601)
    assert "October 3, 2026" in texts(await talk.says(PIN))
    clock.pass_(601)
    assert "May 2, 2026" in texts(await talk.says(SECOND))
