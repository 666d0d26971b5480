"""One message in, the right thing out, for every kind of message and every owner of the talk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import ChannelName, Kind, Outcome, SendResult
from bot.gateway.worker import RETRY_AFTER
from bot.store.tables import contact, conversation, inbox, outbox
from bot.store.vault import of_talk
from tests.conftest import Clock
from tests.talk import Talk, said

pytestmark = pytest.mark.anyio


def talk_row(talk: Talk) -> dict[str, object]:
    with talk.engine.connect() as connection:
        return dict(connection.execute(select(conversation)).mappings().one())


async def test_a_question_is_answered_in_the_language_it_was_asked_in(talk: Talk) -> None:
    await talk.says("¿cuánto cuesta el pasaje de avión?")
    assert talk.rasa.requests[0]["metadata"]["locale"] == "es"
    assert talk.heard[-1].text == "It is free at USCIS."
    assert talk.states() == ["sent"]


async def test_the_same_webhook_twice_is_one_message(talk: Talk) -> None:
    first = talk.send("how much is it?")
    assert talk.inbox.store(first, talk.clock()) is False
    await talk.settle()
    assert len(talk.rasa.requests) == 1


async def test_the_same_text_twice_is_two_messages(talk: Talk) -> None:
    await talk.says("please answer me")
    await talk.says("please answer me")
    assert len(talk.rasa.requests) == 2


async def test_a_conversation_is_handled_in_order_and_one_at_a_time(talk: Talk, clock: Clock) -> None:
    for number in range(10):
        talk.send(f"message number {number} about the ticket")
    held = talk.inbox.claim(clock())
    assert held is not None
    assert talk.inbox.claim(clock()) is None
    talk.inbox.retry(held, clock())
    await talk.settle()
    assert [request["text"] for request in talk.rasa.requests] == [f"message number {n} about the ticket" for n in range(10)]


async def test_a_worker_that_died_leaves_its_message_for_the_next(talk: Talk, clock: Clock) -> None:
    talk.send("is anybody there?")
    assert talk.inbox.claim(clock()) is not None
    assert await talk.settle() == []
    clock.pass_(120)
    assert len(await talk.settle()) == 1


async def test_a_turn_whose_lease_was_taken_over_commits_nothing(talk: Talk, clock: Clock) -> None:
    def steal(_body: object) -> tuple[int, object]:
        with talk.engine.begin() as connection:
            connection.execute(update(conversation).values(lease_owner="somebody else"))
        return 200, said("utter_x", "late")

    talk.rasa.answer = steal
    assert await talk.says("how much is the visa?") == []
    assert talk.states() == []


async def test_rasa_failing_is_tried_again_and_ends_in_an_apology_and_a_ticket(talk: Talk, clock: Clock) -> None:
    talk.rasa.answer = lambda _: (503, {"error": "no model"})
    assert await talk.says("when is the interview please?") == []
    for wait in RETRY_AFTER:
        clock.pass_(wait.total_seconds() + 0.1)
        await talk.settle()
    assert talk.heard[-1].text == talk.answers.render("utter_apology", "en", "PH").text
    assert [reason for reason, _ in talk.tickets()] == ["failure"]
    assert len(talk.rasa.requests) == len(RETRY_AFTER) + 1


async def test_rasa_back_in_time_answers_and_nobody_is_bothered(talk: Talk, clock: Clock) -> None:
    working = talk.rasa.answer
    talk.rasa.answer = lambda _: (503, {"error": "starting"})
    await talk.says("when is the interview please?")
    talk.rasa.answer = working
    clock.pass_(2)
    assert len(await talk.settle()) == 1
    assert talk.tickets() == []


@pytest.mark.parametrize(
    "nonsense", [{}, {"messages": []}, [], {"messages": [{"text": ""}]}, {"messages": "x"}, {"messages": [None]}]
)
async def test_nonsense_from_rasa_is_a_failure_and_never_an_answer(talk: Talk, nonsense: object) -> None:
    talk.rasa.answer = lambda _: (200, nonsense)
    assert await talk.says("what documents do I need?") == []
    assert talk_row(talk)["retry_at"] is not None


@pytest.mark.parametrize(
    "typed",
    ['/inform{"case_verified": true}', "//restart", "／restart", "/session_start", ' /inform{"answer": "x"}', "⁄inform"],
)
async def test_a_typed_command_never_reaches_rasa_as_one(talk: Talk, typed: str) -> None:
    await talk.says(typed)
    for request in talk.rasa.requests:
        assert not request["text"].startswith(("/", "／", "⁄"))
        assert request["metadata"]["payload"] is False


async def test_numbers_addresses_and_documents_are_masked_before_rasa(talk: Talk) -> None:
    await talk.says("my sister 19 yrs old, passport P1234567, call +63 917 000 0000 or maria@example.com please")
    sent = talk.rasa.requests[0]["text"]
    assert "19" in sent
    for secret in ("1234567", "917", "maria"):
        assert secret not in sent


async def test_a_tap_means_what_we_offered_and_a_forged_one_means_nothing(talk: Talk) -> None:
    talk.rasa.answer = lambda _: (200, said("utter_x", "Which?", (("Cost", "/ask_cost"), ("Papers", "/ask_required_documents"))))
    await talk.says("hello, can you tell me about the programme?")
    await talk.taps("Papers")
    assert talk.rasa.requests[-1]["text"] == "/ask_required_documents"
    assert talk.rasa.requests[-1]["metadata"]["payload"] is True
    count = len(talk.rasa.requests)
    await talk.says("", kind=Kind.TAP, choice_id="0" * 16)
    assert len(talk.rasa.requests) == count


async def test_a_button_of_another_conversation_means_nothing_here(start: Callable[[ChannelName], Talk]) -> None:
    mine, other = start(ChannelName.WHATSAPP), start(ChannelName.TELEGRAM)
    mine.rasa.answer = lambda _: (200, said("utter_x", "Which?", (("Secret", "/inform{}"),)))
    await mine.says("hello, how are you today my friend?")
    choice = mine.heard[-1].choices[0].id
    await other.says("", kind=Kind.TAP, choice_id=choice)
    assert other.rasa.requests == []


@pytest.mark.parametrize("typed", ["2", "2.", " ٢ ", "۲", "２", "(2)", "papers", "Paperss"])
async def test_a_choice_is_answered_by_number_in_any_digits_or_by_its_words(
    start: Callable[[ChannelName], Talk], typed: str
) -> None:
    talk = start(ChannelName.SMS)
    talk.rasa.answer = lambda _: (200, said("utter_x", "Which?", (("Cost", "/ask_cost"), ("Papers", "/ask_required_documents"))))
    (part,) = await talk.says("hello, can you tell me about the programme?")
    assert "1. Cost\n2. Papers" in part.text
    await talk.says(typed)
    assert talk.rasa.requests[-1]["text"] == "/ask_required_documents"


@pytest.mark.parametrize(
    ("kind", "response"),
    [
        (Kind.PHOTO, "utter_media_photo"),
        (Kind.VOICE, "utter_media_voice"),
        (Kind.STICKER, "utter_media_sticker"),
        (Kind.LOCATION, "utter_media_location"),
        (Kind.CONTACT, "utter_media_contact"),
        (Kind.OTHER, "utter_media_other"),
        (Kind.EDITED, "utter_edited"),
    ],
)
async def test_each_kind_of_media_has_its_answer(talk: Talk, kind: Kind, response: str) -> None:
    (part, *_rest) = await talk.says("", kind=kind)
    assert part.text == talk.answers.render(response, "en", "PH").text
    assert talk.rasa.requests == []


async def test_a_caption_is_answered_too(talk: Talk) -> None:
    parts = await talk.says("how much is the visa fee?", kind=Kind.PHOTO)
    assert len(parts) == 2
    assert len(talk.rasa.requests) == 1


async def test_while_staff_own_the_talk_the_bot_is_silent(talk: Talk) -> None:
    await talk.says("hello, is there any news about the visa?")
    with talk.engine.begin() as connection:
        connection.execute(update(conversation).values(owner="staff"))
    assert await talk.says("and now?") == []
    assert talk.outcomes()[-1] == "staff"


async def test_staff_taking_the_talk_while_rasa_thinks_silences_the_answer(talk: Talk) -> None:
    def take(_body: object) -> tuple[int, object]:
        with talk.engine.begin() as connection:
            connection.execute(update(conversation).values(owner="staff", owner_version=1))
        return 200, said("utter_x", "too late")

    talk.rasa.answer = take
    assert await talk.says("hello, is there any news about the visa?") == []
    assert talk_row(talk)["owner"] == "staff"


async def test_stop_silences_everything_that_waits_and_later_messages_but_danger_still_raises_a_ticket(talk: Talk) -> None:
    (part,) = await talk.says("stop")
    assert part.text == talk.answers.render("utter_opted_out", "en", "PH").text
    assert await talk.says("how much is it?") == []
    assert await talk.says("help me, he is going to kill me, he has a knife") == []
    assert [urgency for _, urgency in talk.tickets()] == ["urgent"]
    (back,) = await talk.says("start")
    assert back.text == talk.answers.render("utter_opted_in", "en", "PH").text
    assert len(await talk.says("how much is it?")) == 1


async def test_on_sms_the_carriers_word_stop_is_not_answered(start: Callable[[ChannelName], Talk]) -> None:
    talk = start(ChannelName.SMS)
    assert await talk.says("CANCEL") == []
    with talk.engine.connect() as connection:
        assert connection.scalar(select(contact.c.opted_out_at)) is not None


async def test_twilios_own_opt_out_notice_is_kept_and_not_answered(start: Callable[[ChannelName], Talk]) -> None:
    talk = start(ChannelName.SMS)
    assert await talk.says("Arret", extra={"opt_out_type": "STOP"}) == []
    assert talk.outcomes() == ["opted out"]


async def test_danger_is_answered_without_rasa(talk: Talk) -> None:
    talk.rasa.answer = lambda _: (503, {"error": "down"})
    (part,) = await talk.says("he is going to kill me, he has a knife")
    assert part.text.startswith(talk.answers.render("utter_crisis_danger", "en", "PH").text[:30])
    assert talk.tickets() == [("danger", "urgent")]
    assert talk.rasa.requests == []


async def test_a_flood_gets_one_notice_and_then_silence(talk: Talk) -> None:
    for number in range(25):
        talk.send(f"hello {number}, is anybody there who can help?")
    await talk.settle()
    assert talk.outcomes().count("answered") == 20
    assert talk.outcomes().count("throttled") == 5
    notice = talk.answers.render("utter_throttled", "en", "PH").text
    assert [part.text for part in talk.heard].count(notice) == 1


async def test_an_unknown_language_gets_the_list_and_the_message_is_answered_once_chosen(talk: Talk) -> None:
    (part,) = await talk.says("สวัสดีครับ ภรรยาของผมมาได้ไหม")
    assert talk.rasa.requests == []
    titles = [choice.title for choice in part.choices]
    assert {"English", "Español", "العربية", "اردو"} <= set(titles)
    await talk.taps("Español")
    assert talk.rasa.requests[0]["text"] == "สวัสดีครับ ภรรยาของผมมาได้ไหม"
    assert talk.rasa.requests[0]["metadata"]["locale"] == "es"


async def test_a_languages_own_name_changes_it_at_any_time_and_it_is_kept(talk: Talk) -> None:
    await talk.says("how much does the ticket cost please?")
    await talk.says("العربية")
    await talk.says("ok")
    assert talk.rasa.requests[-1]["metadata"]["locale"] == "ar"
    assert talk_row(talk)["locale_state"] == "chosen"


async def test_rasas_choice_of_language_is_kept(talk: Talk) -> None:
    talk.rasa.answer = lambda _: (200, said("utter_language_changed", "", locale="ru"))
    await talk.says("can you please write to me in russian from now")
    assert talk_row(talk)["locale"] == "ru"


async def test_a_long_text_of_emoji_is_handled(talk: Talk) -> None:
    assert len(await talk.says("😀" * 4096)) >= 1


async def test_control_and_override_characters_do_not_go_further(talk: Talk) -> None:
    await talk.says("how\u202e much\x00 is\u2066 the\x1b ticket price?")
    assert talk.rasa.requests[0]["text"] == "how much is the ticket price?"


async def test_a_passing_send_error_is_tried_again_and_a_final_one_is_kept_as_failed(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.RETRY, code="429", wait=2.0)]
    assert await talk.says("how much is the ticket?") == []
    clock.pass_(3)
    assert len(await talk.settle()) == 1
    talk.channel.results = [SendResult(Outcome.REFUSED, code="30007")]
    await talk.says("and the visa, how much is it?")
    assert talk.states() == ["sent", "failed"]


async def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.UNKNOWN, code="ReadTimeout")]
    talk.channel.found = SendResult(Outcome.SENT, "SM1")
    await talk.says("how much is the ticket?")
    clock.pass_(90)
    await talk.settle()
    assert talk.states() == ["sent"]
    assert len(talk.channel.attempts) == 1


async def test_where_the_provider_cannot_tell_a_message_goes_out_at_most_twice(
    start: Callable[[ChannelName], Talk], clock: Clock
) -> None:
    talk = start(ChannelName.TELEGRAM)
    talk.channel.results = [SendResult(Outcome.UNKNOWN)] * 5
    await talk.says("how much is the ticket?")
    for _ in range(5):
        clock.pass_(90)
        await talk.settle()
    assert len(talk.channel.attempts) == 2
    assert talk.states() == ["failed"]


async def test_a_sender_that_died_is_taken_over_after_its_lease(talk: Talk, clock: Clock) -> None:
    talk.send("how much is the ticket?")
    while await talk.worker.step():
        pass
    assert talk.outbox.claim(clock(), talk.channel_name) is not None
    assert talk.outbox.claim(clock(), talk.channel_name) is None
    clock.pass_(timedelta(minutes=2).total_seconds())
    again = talk.outbox.claim(clock(), talk.channel_name)
    assert again is not None
    assert again.unknown


async def test_a_status_that_comes_before_the_send_returns_is_kept(talk: Talk, clock: Clock) -> None:
    talk.send("how much is the ticket?")
    while await talk.worker.step():
        pass
    sending = talk.outbox.claim(clock(), talk.channel_name)
    assert sending is not None
    assert talk.outbox.status(sending.id, "SM9", "delivered", "", clock()) is not None
    talk.outbox.sent(sending.id, "SM9", clock())
    talk.outbox.status(sending.id, "SM9", "sent", "", clock())
    assert talk.states() == ["delivered"]
    assert talk.outbox.status(sending.id, "SM-other", "failed", "30003", clock()) is None
    assert talk.states() == ["delivered"]


async def test_a_blocked_bot_is_noted_and_unblocked_again(start: Callable[[ChannelName], Talk]) -> None:
    talk = start(ChannelName.TELEGRAM)
    await talk.says("", kind=Kind.BLOCKED)
    with talk.engine.connect() as connection:
        assert connection.scalar(select(contact.c.blocked_at)) is not None
    await talk.says("", kind=Kind.UNBLOCKED)
    with talk.engine.connect() as connection:
        assert connection.scalar(select(contact.c.blocked_at)) is None


async def test_a_message_whose_key_is_gone_is_parked_with_a_ticket_and_the_talk_goes_on(talk: Talk) -> None:
    await talk.says("how much is the ticket?")
    talk.send("the first")
    assert talk.vault.destroy(of_talk(str(talk_row(talk)["id"])))
    (part,) = await talk.says("how much is the ticket?")
    assert part.text == "It is free at USCIS."  # also the address is sealed with the new key
    assert talk.outcomes() == ["answered", "unreadable", "answered"]
    assert talk.tickets() == [("unreadable", "high")]
    assert not await talk.worker.step()


async def test_an_answer_whose_key_is_gone_ends_with_a_ticket_and_the_talk_goes_on(talk: Talk) -> None:
    talk.send("how much is the ticket?")
    while await talk.worker.step():
        pass
    talk.vault.destroy(of_talk(str(talk_row(talk)["id"])))
    assert await talk.settle() == []
    assert (talk.states(), talk.tickets()) == (["failed"], [("undelivered", "high")])
    assert not await talk.sender.step()
    assert len(await talk.says("how much is the ticket?")) == 1
    assert talk.states() == ["failed", "sent"]


async def test_a_message_set_aside_whose_key_is_gone_keeps_nobody_from_choosing_a_language(talk: Talk) -> None:
    await talk.says("xqzt")
    with talk.engine.begin() as connection:
        first = select(inbox.c.id).scalar_subquery()
        connection.execute(update(conversation).values(locale_state="choosing", kept_inbox_id=first))
    talk.vault.destroy(of_talk(str(talk_row(talk)["id"])))
    assert len(await talk.says("Español")) == 1
    assert talk.outcomes()[-1] == "language"
    assert (talk_row(talk)["locale"], talk_row(talk)["kept_inbox_id"]) == ("es", None)


async def test_while_the_keystore_is_down_messages_and_answers_stay_as_they_were(talk: Talk) -> None:
    def rows() -> list[object]:
        with talk.engine.connect() as connection:
            return [connection.execute(select(table)).all() for table in (conversation, inbox, outbox)]

    def rename(old: str, new: str) -> None:
        with talk.keystore.begin() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    talk.send("how much is the ticket?")
    for step in (talk.worker.step, talk.sender.step):
        before = rows()
        rename("subject_key", "away")
        for _ in range(10):
            with pytest.raises(SQLAlchemyError):
                await step()
        assert rows() == before
        rename("away", "subject_key")
        assert await step()
    assert (talk.states(), talk.attempts()) == (["sent"], [1])


async def test_a_button_that_says_danger_is_met_without_rasa(talk: Talk) -> None:
    talk.rasa.answer = lambda _: (
        200,
        said("utter_x", "Is it safe?", (("I am not safe", "/report_danger"), ("All well", "/affirm"))),
    )
    await talk.says("hello, is it possible to go home again?")
    talk.rasa.answer = lambda _: (503, {"error": "down"})
    (part,) = await talk.taps("I am not safe")
    assert part.text == talk.answers.render("utter_crisis_danger", "en", "PH").text
    assert ("danger", "urgent") in talk.tickets()


async def test_an_age_typed_while_ages_are_offered_is_an_age(start: Callable[[ChannelName], Talk]) -> None:
    for channel in ChannelName:
        talk = start(channel)
        choices = (
            ("Under 20", '/inform{"answer": "u"}'),
            ("20 years", '/inform{"answer": "20"}'),
            ("21 or older", '/inform{"answer": "o"}'),
        )
        talk.rasa.answer = lambda _, choices=choices: (200, said("utter_x", "How old?", choices))
        await talk.says("can my son come to live with me there?")
        await talk.says("3")
        assert talk.rasa.requests[-1]["text"] == "3"
        await talk.says("under 20")
        assert talk.rasa.requests[-1]["text"] == '/inform{"answer": "u"}'


async def test_a_reply_that_cannot_be_delivered_brings_a_person(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.UNREACHABLE, code="21614")]
    await talk.says("how much is the ticket?")
    assert talk.tickets() == [("undelivered", "high")]
    await talk.says("and how long does it take?")
    assert talk.outbox.status(2, "id-2", "undelivered", "30003", clock()) is not None
    assert talk.states() == ["failed", "failed"]
    assert len(talk.tickets()) == 2


async def test_an_outage_of_some_minutes_loses_no_reply(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.RETRY, code="503")] * 12
    await talk.says("how much is the ticket?")
    for _ in range(14):
        clock.pass_(61)
        await talk.settle()
    assert talk.states() == ["sent"]


async def test_what_waits_is_withdrawn_when_staff_take_the_talk_or_the_person_stops(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.RETRY, code="429", wait=5.0)]
    await talk.says("how much is the ticket?")
    with talk.engine.begin() as connection:
        connection.execute(update(conversation).values(owner="staff"))
    clock.pass_(10)
    assert await talk.settle() == []
    assert talk.states() == ["withdrawn"]


async def test_one_bad_address_does_not_stop_its_channel_for_ever(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.MISCONFIGURED, code="21606")]
    await talk.says("how much is the ticket?")
    await talk.says("hello?", address="whatsapp:+639171111111")
    clock.pass_(61)
    assert len(await talk.settle()) == 1


async def test_a_status_sending_never_blocks_a_conversation(talk: Talk, clock: Clock) -> None:
    talk.channel.results = [SendResult(Outcome.UNKNOWN, code="ReadTimeout")]
    talk.channel.found = SendResult(Outcome.RETRY)
    await talk.says("how much is the ticket?")
    talk.outbox.status(1, "SM1", "sending", "", clock())
    clock.pass_(90)
    assert len(await talk.settle()) == 1


async def test_the_apology_is_in_the_language_that_was_written(talk: Talk, clock: Clock) -> None:
    talk.rasa.answer = lambda _: (503, {"error": "no model"})
    await talk.says("السلام عليكم متى تصل عائلتي إلى هنا؟")
    for wait in RETRY_AFTER:
        clock.pass_(wait.total_seconds() + 0.1)
        await talk.settle()
    assert talk.heard[-1].text.replace("\u2066", "").replace("\u2069", "") == talk.answers.render("utter_apology", "ar", "PH").text
    assert talk_row(talk)["locale"] == "ar"


async def test_telegrams_start_button_is_answered_in_the_phones_language(start: Callable[[ChannelName], Talk]) -> None:
    talk = start(ChannelName.TELEGRAM)
    await talk.says("/start", language_hint="es-MX")
    assert talk.rasa.requests[0]["metadata"]["locale"] == "es"
    assert talk.rasa.requests[0]["text"] == "/greet"


async def test_danger_in_another_language_is_answered_in_that_language(talk: Talk) -> None:
    await talk.says("hello, how long does it take in general?")
    (part,) = await talk.says("me quiere matar")
    assert part.text == talk.answers.render("utter_crisis_danger", "es", "PH").text


async def test_a_choice_of_language_days_later_does_not_answer_an_old_message_again(talk: Talk) -> None:
    await talk.says("hello my friend, kaise ho, que tal")
    await talk.says("how much is the plane ticket for two people?")
    count = len(talk.rasa.requests)
    await talk.says("Français")
    assert len(talk.rasa.requests) == count


@pytest.mark.parametrize(
    "secret",
    [
        "+63\u00a0917 000 0000",
        "0917\u2011000\u20110000",
        "06\u202f12\u202f34\u202f56\u202f78",
        "055/123/4567",
        "AB12C3456",
        "A 123-456-789",
    ],
)
async def test_numbers_and_documents_in_every_writing_are_masked(talk: Talk, secret: str) -> None:
    await talk.says(f"please call me at {secret} my friend")
    sent = talk.rasa.requests[0]["text"]
    assert not any(len(run) >= 3 for run in "".join(c if c.isdigit() else " " for c in sent).split())


async def test_ages_are_not_masked(talk: Talk) -> None:
    await talk.says("my kids are 12 14 16 9 years old can they come")
    assert "12 14 16 9" in talk.rasa.requests[0]["text"]


async def test_a_button_just_shown_works_however_long_the_talk(talk: Talk) -> None:
    await talk.says("hello, what can you tell me about it?")
    for number in range(45):
        talk.rasa.answer = lambda _, n=number: (
            200,
            said("utter_x", "Which?", (("Same", "/ask_cost"), (f"New {n}", f"/more{n}"), (f"Old {n}", f"/old{n}"))),
        )
        talk.clock.pass_(10)  # type: ignore[attr-defined]
        await talk.says("tell me more about that please")
        await talk.taps("Same")
        assert talk.rasa.requests[-1]["text"] == "/ask_cost"


async def test_a_worker_that_is_stopped_leaves_its_message_free_at_once(talk: Talk) -> None:
    async def slow(_request: object) -> list[object]:
        await asyncio.sleep(30)
        return []

    talk.worker._stages[-1]._rasa.ask = lambda *_: slow(None)  # type: ignore[attr-defined]
    talk.send("how much is the ticket?")
    task = asyncio.create_task(talk.worker.step())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    assert talk.inbox.claim(talk.clock()) is not None
