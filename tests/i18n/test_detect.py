"""Recognising a language from a first message: short ones, misspelt ones, romanised ones, foreign ones."""

from __future__ import annotations

import pytest

from bot.i18n.detect import Detector
from bot.settings import ROOT

DETECTOR = Detector.load(ROOT / "data" / "nlu")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("how much is the ticket", "en"),
        ("can mi wife come plz", "en"),
        ("cuanto cuesta el pasaje", "es"),
        ("mi ermana tiene 19 anos puede venir", "es"),
        ("bonjour ma soeur veut venir", "fr"),
        ("quero saber do meu caso por favor", "pt"),
        ("السلام عليكم كم سعر التذكرة", "ar"),
        ("salam 3alaykom bghit n3ref dossier dyali", "ar"),
        ("когда приедет моя семья", "ru"),
        ("privet skolko stoit bilet", "ru"),
        ("我的妻子可以来吗", "zh"),
        ("میری بہن کب آ سکتی ہے", "ur"),
        ("mera bhai kab aa sakta hai", "ur"),
    ],
)
def test_a_sentence_is_recognised_and_sure(text: str, code: str) -> None:
    guess = DETECTOR.detect(text)
    assert (guess.code, guess.sure) == (code, True)


@pytest.mark.parametrize(
    "text",
    [
        "Kann meine Familie zu mir kommen bitte",
        "สวัสดีครับ",
        "안녕하세요 가족",
        "γεια σας",
        "Hur mycket kostar biljetten till Amerika",
    ],
)
def test_a_language_we_do_not_speak_is_not_taken_for_one_we_do(text: str) -> None:
    assert DETECTOR.detect(text).code is None


@pytest.mark.parametrize("text", ["", "👍", "123", "..."])
def test_what_says_nothing_about_its_language_is_never_sure(text: str) -> None:
    assert DETECTOR.detect(text).sure is False
    assert DETECTOR.detect(text, "fr-FR").code == "fr"


def test_the_phones_language_decides_only_where_the_text_does_not() -> None:
    assert DETECTOR.detect("cuanto cuesta el pasaje para mi familia", "en").code == "es"
