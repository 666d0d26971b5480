"""Noisy copies: made the same way each time, never equal to their line, and in the habits of their language."""

from __future__ import annotations

import random

import pytest

from bot.brain.noise import Line, copies_of, openings_of
from bot.brain.romanise import romanise
from bot.brain.text import is_payload, normalise, without_accents

LINES = [
    Line("can my sister come to live with me", "check_eligibility", "en"),
    Line("¿cuánto cuesta el pasaje de avión?", "ask_cost", "es"),
    Line("كم تستغرق المعاملة لو سمحت", "ask_processing_time", "ar"),
    Line("сколько стоит билет на самолёт", "ask_cost", "ru"),
    Line("میری بیوی کب آ سکتی ہے", "check_eligibility", "ur"),
    Line("我妹妹可以来美国吗", "check_eligibility", "zh"),
]
OPENINGS = {"en": ["hello"], "es": ["hola"], "ar": ["مرحبا"], "ru": ["привет"], "ur": ["سلام"], "zh": ["你好"]}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.language)
def test_the_same_seed_gives_the_same_copies(line: Line) -> None:
    assert list(copies_of(line, 3, 7, OPENINGS)) == list(copies_of(line, 3, 7, OPENINGS))
    assert list(copies_of(line, 3, 7, OPENINGS)) != list(copies_of(line, 3, 8, OPENINGS))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.language)
def test_a_copy_keeps_meaning_and_language_and_differs_in_text(line: Line) -> None:
    copies = list(copies_of(line, 3, 7, OPENINGS))
    assert copies
    for copy in copies:
        assert (copy.intent, copy.language) == (line.intent, line.language)
        assert copy.text.strip()
        assert copy.text != line.text


@pytest.mark.parametrize("line", [line for line in LINES if line.language in ("ar", "ru", "ur")], ids=lambda line: line.language)
def test_arabic_russian_and_urdu_are_first_written_in_latin_letters(line: Line) -> None:
    first = next(iter(copies_of(line, 1, 7, OPENINGS)))
    assert first.text.isascii()
    assert any(letter.isalpha() for letter in first.text)


def test_spanish_first_loses_its_accents() -> None:
    first = next(iter(copies_of(LINES[1], 1, 7, OPENINGS)))
    assert first.text == "¿cuanto cuesta el pasaje de avion?"


def test_no_greeting_is_put_before_a_greeting() -> None:
    line = Line("good morning to you all", "greet", "en")
    assert not any(copy.text.startswith("hello") for seed in range(30) for copy in copies_of(line, 4, seed, OPENINGS))


def test_openings_are_the_short_greetings_of_each_language() -> None:
    lines = [
        Line("hi", "greet", "en"),
        Line("hello my dear friends of the office", "greet", "en"),
        Line("hola", "greet", "es"),
        Line("bye", "goodbye", "en"),
    ]
    assert openings_of(lines) == {"en": ["hi"], "es": ["hola"]}


def test_romanising_knows_common_words() -> None:
    assert romanise("میں", "ur", random.Random(1)) in {"mein", "main", "me"}
    assert romanise("شكرا", "ar", random.Random(1)) in {"shukran", "chokran"}
    assert romanise("hello", "en", random.Random(1)) == "hello"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  HELLO   there ", "hello there"),
        ("Ｈｅｌｐ", "help"),
        ("pleeeeease", "pleease"),
        ("مَرْحَبًا", "مرحبا"),
        ("مرحبـــا", "مرحبا"),
        ("a\u200eb\u200f", "ab"),
        ("¿Cuánto?", "¿cuánto?"),
    ],
)
def test_normal_form(typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_accents_are_taken_from_letters_but_not_from_other_scripts() -> None:
    assert without_accents("ação à été") == "acao a ete"
    assert without_accents("हिंदी") == "हिंदी"


def test_only_a_leading_slash_makes_a_payload() -> None:
    assert is_payload("/ask_cost")
    assert not is_payload("and/or")
