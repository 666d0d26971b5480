"""Words for people: the right language, every placeholder, and nothing that was not translated or checked."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.pofile import read_po, write_po

from bot.i18n.answers import Answers
from bot.i18n.check import problems
from bot.i18n.hours import opening_hours
from bot.i18n.languages import CODES, by_name, language
from bot.i18n.update import path_of, texts, update
from bot.programme import Programme, ProgrammeError
from bot.settings import ROOT

PROGRAMME: dict[str, Any] = yaml.safe_load((ROOT / "programme.yml").read_text("utf-8"))


#: What actions and the private talk fill in.
VALUES = dict.fromkeys(
    [
        "language",
        "facts",
        "relation",
        "age",
        "description",
        "when",
        "year",
        "date",
        "kind",
        "place",
        "number",
        "from_place",
        "departs",
        "to_place",
        "arrives",
        "who",
        "receipt",
        "in_days",
    ],
    "x",
)


def answers(**changes: Any) -> Answers:
    known = unchanged()
    return Answers(known._responses, known._catalogues, Programme({**PROGRAMME, **changes}))


@cache
def unchanged() -> Answers:
    return Answers.load(ROOT)


@pytest.mark.parametrize("code", CODES)
def test_every_answer_is_worded_in_every_language_with_nothing_left_open(code: str) -> None:
    known = unchanged()
    english = {context: text for context, text, _ in texts(ROOT) if ":" not in context}
    for name, text in english.items():
        worded = known.render(name, code, "US", **VALUES)
        assert worded.text, name
        assert "{" not in worded.text, name
        if code != "en" and len(text) > 30:
            assert worded.text != known.render(name, "en", "US").text, name


def test_a_paused_programme_changes_what_affected_answers_promise() -> None:
    open_, paused = answers(status="open"), answers(status="paused")
    for name in ("utter_ask_how_to_apply", "utter_ask_cost", "utter_ask_program"):
        assert paused.render(name, "en").name == f"{name}__paused"
        assert open_.render(name, "en").name == name
    note = paused.render("utter_programme_note_paused", "es").text
    assert paused.render("utter_apply_referral", "es").text.startswith(note)
    assert not open_.render("utter_apply_referral", "es").text.startswith(note)


def test_every_answer_that_promises_programme_help_says_so_in_its_metadata() -> None:
    limited = answers(status="limited")
    note = limited.render("utter_programme_note_limited", "en").text
    assert note in limited.render("utter_ask_program", "en").text


def test_a_country_without_a_checked_helpline_gets_no_other_countrys_number() -> None:
    known = answers()
    assert "911" in known.render("utter_report_danger", "en", "US").text
    elsewhere = known.render("utter_report_danger", "en", "PH").text
    assert "911" not in elsewhere
    assert "888" not in elsewhere
    assert "{" not in elsewhere


def test_self_harm_gets_its_own_helpline_and_never_a_general_one() -> None:
    known = answers(helplines={"US": [{"name": "x", "contact": "1-000", "for": ["general"]}]})
    assert "1-000" not in known.render("utter_self_harm", "en", "US").text
    assert "988" in answers().render("utter_self_harm", "en", "US").text


@pytest.mark.parametrize("broken", [{"status": "perhaps"}, {"name": ""}, {"default_office": "XX"}])
def test_a_wrong_programme_page_is_one_clear_line(broken: dict[str, str]) -> None:
    with pytest.raises(ProgrammeError) as stopped:
        Programme({**PROGRAMME, **broken})
    assert "programme.yml" in str(stopped.value)


def test_hours_are_joined_and_named_in_the_language() -> None:
    week = {"monday": ["09:00-17:00"], "tuesday": ["09:00-17:00"], "wednesday": ["10:00-12:00"], "sunday": []}
    assert opening_hours(week, "en") == "Mon - Tue 09:00-17:00; Wed 10:00-12:00"
    assert opening_hours(week, "ru").startswith("пн - вт")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Español", "es"),
        ("français", "fr"),
        ("اردو", "ur"),
        ("арабский", "ar"),
        ("中文", "zh"),
        ("urdu.", "ur"),
        ("english!", "en"),
        ("klingon", None),
    ],
)
def test_a_language_is_known_by_its_name_in_any_of_our_languages(typed: str, code: str | None) -> None:
    assert by_name(typed) == code


def test_arabic_and_urdu_are_written_from_the_right() -> None:
    assert [code for code in CODES if language(code).right_to_left] == ["ar", "ur"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the texts that a test may spoil."""
    for name in ("domain.yml", "data/forbidden.yml", "docs/facts.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "locales", tmp_path / "locales")
    return tmp_path


def test_a_source_that_the_fact_sheet_does_not_have_is_a_problem(copy: Path) -> None:
    replace(copy / "domain.yml", '"facts 20.11"', '"facts 20.99"')
    assert any("names no paragraph 20.99" in line for line in problems(copy))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_texts_are_complete() -> None:
    assert problems(ROOT) == []


def test_a_changed_english_text_makes_its_translations_stale_and_they_are_not_sent(copy: Path) -> None:
    replace(copy / "domain.yml", "You are welcome. If you have another question, just write it.", "You are welcome. Write again.")
    shutil.copy(ROOT / "programme.yml", copy)
    update(copy, "es")
    assert any(line.startswith("es utter_thank: its English text changed") for line in problems(copy))
    assert Answers.load(copy).render("utter_thank", "es").text == "You are welcome. Write again."


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{programme_name} is for people in", "Our programme is for people in", "ask_program"),
        ("You are welcome. If", "Trafficking. If", "must not say"),
        ('title: "Find a lawyer"', 'title: "STOP"', "phone companies act on"),
        ('title: "Find a lawyer"', 'title: "Find a very good lawyer here"', "at most"),
        ('reviewed: "2026-11-21"', "seen: never", "metadata needs"),
    ],
)
def test_each_fault_is_found(copy: Path, old: str, new: str, complaint: str) -> None:
    replace(copy / "domain.yml", old, new)
    assert any(complaint in line for line in problems(copy))


def test_a_lost_placeholder_a_missing_text_and_a_forbidden_word_in_a_translation_are_found(copy: Path) -> None:
    path = path_of(copy, "es")
    with path.open("rb") as file:
        catalogue = read_po(file, locale="es")
    changes = {"utter_request_human": "Una persona lo lee.", "utter_goodbye": "", "utter_thank": "La trata de personas"}
    for message in catalogue:
        if message.context in changes:
            message.string = changes[message.context]
    with path.open("wb") as file:
        write_po(file, catalogue)
    found = problems(copy)
    assert any(line.startswith("es utter_goodbye: not translated") for line in found)
    assert any(line.startswith("es utter_thank: must not say") for line in found)
    assert any(line.startswith("es utter_request_human: placeholders differ") for line in found)


def test_a_fact_that_was_not_checked_for_half_a_year_is_stale(copy: Path) -> None:
    assert any("last checked" in line for line in problems(copy, date(2027, 8, 1)))
