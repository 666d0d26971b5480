"""Words of danger are recognised without any model, and harmless idioms are not taken for them."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.languages import CODES
from bot.safety.recogniser import KINDS, Recogniser, fold
from bot.settings import ROOT

FOLDER = ROOT / "data" / "safety"
RECOGNISER = Recogniser.load(FOLDER)


def kind(text: str) -> str | None:
    found = RECOGNISER.recognise(text)
    return found.kind if found else None


@pytest.mark.parametrize("code", CODES)
def test_every_listed_phrase_is_recognised_and_every_listed_idiom_alone_is_not(code: str) -> None:
    lists = yaml.safe_load((FOLDER / f"{code}.yml").read_text("utf-8"))
    for name in KINDS:
        for phrase in lists[name]["phrases"]:
            assert kind(str(phrase)) is not None, phrase
        for idiom in lists[name].get("unless") or ():
            assert kind(str(idiom)) != name, idiom


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he is going to kill me", "danger"),
        ("HE IS GOING TO KIIIILL ME!!!", "danger"),
        ("i want to kill myself", "self_harm"),
        ("she is bleeding a lot and cannot breathe", "medical"),
        ("me quiere matar", "danger"),
        ("je veux mourir", "self_harm"),
        ("quero me matar", "self_harm"),
        ("هو يهددني بالقتل", "danger"),
        ("я хочу умереть", "self_harm"),
        ("我不想活了", "self_harm"),
        ("وہ مجھے مار دے گا", "danger"),
        ("wo mujhe maar dega", "danger"),
    ],
)
def test_plain_words_of_danger_are_met_in_every_language(text: str, expected: str) -> None:
    assert kind(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my phone is dying",
        "I'm dying to see them",
        "this waiting kills me",
        "muero de ganas de verlos",
        "he beat me at cards",
        "how much is the ticket?",
    ],
)
def test_harmless_idioms_are_not_danger(text: str) -> None:
    assert kind(text) is None


def test_an_idiom_does_not_hide_a_real_danger_beside_it() -> None:
    assert kind("I'm dying to see you, but he is going to kill me") == "danger"


@given(st.text(max_size=300))
def test_folding_twice_changes_nothing_and_no_text_is_too_odd(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    RECOGNISER.recognise(text)
