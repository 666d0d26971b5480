"""What is found in messages, in all eight languages, with the project's own look-up files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.brain.finder import EntityFinder, known_words, number_words
from bot.brain.lookup import Known, Lookup, fold

LOOKUPS = Path(__file__).parents[2] / "data" / "lookups"


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    return EntityFinder(known_words(LOOKUPS), number_words(LOOKUPS))


def found(finder: EntityFinder, text: str, locale: str, entity: str) -> list[object]:
    return [each["value"] for each in finder.find(text, locale) if each["entity"] == entity]


@pytest.mark.parametrize(
    ("locale", "text", "value"),
    [
        ("en", "can my wife come", "spouse"),
        ("en", "my sister is 17", "sibling"),
        ("es", "quiero traer a mi hermana menor", "sibling"),
        ("es", "mis hijos están con mi mamá", "child"),
        ("fr", "mon frère peut venir ?", "sibling"),
        ("fr", "ma femme et moi", "spouse"),
        ("pt", "minha irmã tem 19 anos", "sibling"),
        ("pt", "meu marido ainda está em angola", "spouse"),
        ("ar", "زوجتي في السودان", "spouse"),
        ("ar", "بدي جيب امي لعندي", "parent"),
        ("ru", "можно привезти сестру", "sibling"),
        ("ru", "моя жена в Киеве", "spouse"),
        ("zh", "我妹妹可以来吗", "sibling"),
        ("zh", "我老婆在国内", "spouse"),
        ("ur", "میری بہن پاکستان میں ہے", "sibling"),
        ("ur", "meri biwi lahore me hai", "spouse"),
    ],
)
def test_relationships(finder: EntityFinder, locale: str, text: str, value: str) -> None:
    assert value in found(finder, text, locale, "relationship")


@pytest.mark.parametrize(
    ("locale", "text", "age"),
    [
        ("en", "my sister is 19, can she come?", 19),
        ("en", "19yo brother", 19),
        ("en", "he is 19 yrs", 19),
        ("en", "she turned twenty one", 21),
        ("en", "17 year old boy", 17),
        ("en", "19", 19),
        ("en", "she is 8 months old", 0),
        ("es", "mi hermana tiene diecinueve años", 19),
        ("es", "cumplió 18 la semana pasada", 18),
        ("es", "mi hijo de 12 añitos", 12),
        ("fr", "mon frère de 19 ans", 19),
        ("fr", "elle a dix-neuf ans", 19),
        ("pt", "minha irmã tem dezenove anos", 19),
        ("pt", "ele tem 7 aninhos", 7),
        ("ar", "عمرها ١٩ سنة", 19),
        ("ar", "اختي عمرها 17", 17),
        ("ru", "ему 19 лет", 19),
        ("ru", "дочке исполнилось 18", 18),
        ("zh", "我妹妹19岁", 19),
        ("zh", "我妹妹十九岁", 19),
        ("ur", "میری بہن کی عمر ۱۹ سال ہے", 19),
        ("ur", "meri behn ki umar 19 saal hai", 19),
    ],
)
def test_ages(finder: EntityFinder, locale: str, text: str, age: int) -> None:
    assert found(finder, text, locale, "age") == [age]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "we are waiting for 2 years"),
        ("en", "my bag is 23 kg and I have 2 bags"),
        ("en", "it was 3 years ago"),
        ("en", "the flight is at 10:30"),
        ("es", "hace 3 años que espero"),
        ("es", "llevo 5 años aquí"),
        ("fr", "depuis 3 ans j'attends"),
        ("pt", "há 3 anos que espero"),
        ("ar", "منذ 3 سنوات وانا انتظر"),
        ("ru", "жду уже 3 года"),
        ("zh", "等了3年"),
        ("en", "my number is 2025550123"),
        ("ar", "عندي خبرة خمس سنين"),
        ("es", "tengo 5 años de experiencia"),
    ],
)
def test_a_span_of_time_or_a_weight_is_no_age(finder: EntityFinder, locale: str, text: str) -> None:
    assert found(finder, text, locale, "age") == []


@pytest.mark.parametrize(
    ("locale", "text", "country"),
    [
        ("en", "they are in Viet Nam now", "VN"),
        ("en", "from the ivory coast", "CI"),
        ("es", "mi familia vive en México", "MX"),
        ("es", "en Republica Dominicana", "DO"),
        ("fr", "ils sont au Cameroun", "CM"),
        ("pt", "moro em Moçambique", "MZ"),
        ("ar", "عائلتي بالسودان", "SD"),
        ("ar", "من المغرب", "MA"),
        ("ru", "из Узбекистана", "UZ"),
        ("ru", "живёт в Мексике", "MX"),
        ("zh", "他们在墨西哥", "MX"),
        ("ur", "وہ پاکستان میں ہیں", "PK"),
    ],
)
def test_countries(finder: EntityFinder, locale: str, text: str, country: str) -> None:
    assert country in found(finder, text, locale, "country")


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("ru", "до того как мы приехали"),
        ("ar", "عندي سؤال مالي"),
        ("pt", "ele irá viajar"),
        ("en", "so what happens now"),
        ("es", "no tengo dinero"),
    ],
)
def test_everyday_words_are_no_countries_or_languages(finder: EntityFinder, locale: str, text: str) -> None:
    assert not found(finder, text, locale, "country")
    assert not found(finder, text, locale, "language")


@pytest.mark.parametrize(
    ("locale", "text", "language"),
    [
        ("en", "speak spanish please", "es"),
        ("en", "do you have tagalog", "tl"),
        ("es", "en inglés por favor", "en"),
        ("fr", "parlez arabe ?", "ar"),
        ("pt", "fala português?", "pt"),
        ("ar", "تكلم عربي", "ar"),
        ("ar", "بالانجليزي لو سمحت", "en"),
        ("ru", "говорите по-русски", "ru"),
        ("zh", "请说中文", "zh"),
        ("ur", "اردو میں بات کریں", "ur"),
        ("ur", "urdu mein batao", "ur"),
        ("en", "Français", "fr"),
        ("en", "العربية", "ar"),
    ],
)
def test_languages(finder: EntityFinder, locale: str, text: str, language: str) -> None:
    assert found(finder, text, locale, "language")[:1] == [language]


@pytest.mark.parametrize(
    ("locale", "text", "service"),
    [
        ("en", "is there a shelter for me", "shelter"),
        ("es", "necesito comida", "food"),
        ("fr", "un psychologue pour moi", "counselling"),
        ("ar", "احتاج اكل", "food"),
        ("ru", "нужна одежда", "clothes"),
        ("zh", "有没有吃的", "food"),
    ],
)
def test_services(finder: EntityFinder, locale: str, text: str, service: str) -> None:
    assert service in found(finder, text, locale, "service")


@pytest.mark.parametrize(
    ("locale", "text", "marital"),
    [
        ("en", "she is married", "married"),
        ("es", "es soltera", "single"),
        ("ru", "он разведён", "divorced"),
        ("fr", "elle est veuve", "widowed"),
    ],
)
def test_marital(finder: EntityFinder, locale: str, text: str, marital: str) -> None:
    assert marital in found(finder, text, locale, "marital")


@pytest.mark.parametrize(
    ("text", "number"),
    [("my case HF-2024-0153", "HF20240153"), ("EAC 21 123 45678", "EAC2112345678"), ("A123456789", "A123456789")],
)
def test_case_numbers(finder: EntityFinder, text: str, number: str) -> None:
    assert found(finder, text, "en", "case_number") == [number]


@pytest.mark.parametrize("text", ["na 44 19", "call me at 5 30", "flight AA 120", "room B 12", "19"])
def test_other_numbers_are_no_case_numbers(finder: EntityFinder, text: str) -> None:
    assert found(finder, text, "en", "case_number") == []


def test_places_point_into_the_text_as_it_was_typed(finder: EntityFinder) -> None:
    text = "  ¡Mi HERMANA tiene diecinueve años!"
    pieces = {each["entity"]: text[each["start"] : each["end"]] for each in finder.find(text, "es")}
    assert pieces["relationship"].endswith("HERMANA")
    assert pieces["age"] == "diecinueve"


def test_the_longest_words_win() -> None:
    lookup = Lookup([Known("relationship", "child", "en", "son"), Known("relationship", "stepchild", "en", "step son")])
    assert [each.value for each in lookup.find("my step son")] == ["stepchild"]


def test_a_short_latin_word_counts_in_its_own_language_only() -> None:
    lookup = Lookup([Known("relationship", "parent", "ur", "maa"), Known("relationship", "sibling", "en", "sis")])
    assert not list(lookup.find("maa", "es"))
    assert [each.value for each in lookup.find("maa", "ur")] == ["parent"]
    assert not list(lookup.find("sis", "es"))
    assert [each.value for each in lookup.find("sis", None)] == ["sibling"]


def test_folding_makes_arabic_and_urdu_keyboards_equal() -> None:
    assert fold("أختي") == fold("اختى")
    assert fold("بیوی") == fold("بيوي")
