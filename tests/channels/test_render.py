"""An answer on each channel: buttons, lists, numbered lines, parts, and the order of right-to-left text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.render import choice_id, render, split
from bot.channels.segments import plain, segments, units
from bot.channels.telegram import TELEGRAM
from bot.channels.twilio import SMS, WHATSAPP
from bot.i18n.answers import Choice
from bot.i18n.bidi import LRI, PDI, clean, isolate

THREE = [Choice("What it costs", "/a"), Choice("Papers", "/b"), Choice("A person", "/c")]


def test_three_short_choices_are_buttons_on_whatsapp_and_telegram_and_numbers_on_sms() -> None:
    for capabilities in (WHATSAPP, TELEGRAM):
        (part,) = render("Which?", THREE, capabilities, "en", hint="Reply with a number.")
        assert part.text == "Which?"
        assert [choice.title for choice in part.choices] == ["What it costs", "Papers", "A person"]
    (part,) = render("Which?", THREE, SMS, "en", hint="Reply with a number.")
    assert part.text == "Which?\n\n1. What it costs\n2. Papers\n3. A person\nReply with a number."
    assert part.choices == ()


def test_many_choices_are_a_list_on_whatsapp_and_more_than_ten_become_numbers() -> None:
    ten = [Choice(f"Choice {letter}", f"/{letter}") for letter in "abcdefghij"]
    (part,) = render("Which?", ten, WHATSAPP, "en", label="Choose")
    assert (len(part.choices), part.list_label) == (10, "Choose")
    (part,) = render("Which?", [*ten, Choice("one more", "/x")], WHATSAPP, "en")
    assert part.choices == ()
    assert "11. one more" in part.text


def test_choices_that_name_ages_are_not_numbered_because_a_typed_number_is_an_age() -> None:
    (part,) = render("How old?", [Choice("Under 20", "/a"), Choice("I don't know", "/b")], SMS, "en", hint="Reply with a number.")
    assert part.text == "How old?\n\n- Under 20\n- I don't know"


def test_a_title_too_long_for_a_button_is_never_cut() -> None:
    (part,) = render("Which?", [Choice("this title is far too long for it", "/a")], WHATSAPP, "en")
    assert "1. this title is far too long for it" in part.text


def test_a_long_answer_is_cut_at_sentence_ends_and_keeps_its_choices_on_the_last_part() -> None:
    sentence = "This is one plain sentence of the answer. "
    parts = render(sentence * 60, THREE, WHATSAPP, "en")
    assert len(parts) > 1
    assert all(part.text.endswith(".") for part in parts)
    assert [bool(part.choices) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts[-1].text) <= WHATSAPP.choice_text_limit


def test_typographic_characters_do_not_force_costly_sms() -> None:
    text = plain("It’s “free” – at USCIS…\u00a0Ask.")
    assert text == 'It\'s "free" - at USCIS... Ask.'
    assert segments(text) == 1


def test_numbers_links_and_latin_words_keep_their_order_in_arabic() -> None:
    text = isolate("اتصل على +1 888 373 7888 أو uscis.gov اليوم")
    assert f"{LRI}+1 888 373 7888{PDI}" in text
    assert f"{LRI}uscis.gov{PDI}" in text
    assert isolate(text) == text
    address = "100 Example Street, Washington, DC"
    assert f"{LRI}{address}{PDI}" in isolate(f"العنوان: {address}")
    assert LRI in render("اتصل على 911", [], SMS, "ar")[0].text
    assert LRI not in render("call 911", [], SMS, "en")[0].text


@given(st.text(max_size=3000), st.integers(20, 500), st.booleans())
def test_splitting_loses_no_word_and_no_part_is_too_long(text: str, limit: int, utf16: bool) -> None:
    parts = split(text, limit, utf16)
    assert all((units(part) if utf16 else len(part)) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.text(max_size=500))
def test_cleaning_leaves_no_direction_or_control_character(text: str) -> None:
    assert not set(clean(text)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\x00\x1b")


@given(st.text(max_size=200))
def test_isolating_twice_changes_nothing(text: str) -> None:
    assert isolate(isolate(text)) == isolate(text)


def test_a_choices_id_fits_every_channel_and_tells_nothing() -> None:
    identifier = choice_id('/inform{"question": "danger", "answer": "yes"}')
    assert len(identifier.encode()) <= 64
    assert "danger" not in identifier
