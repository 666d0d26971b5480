"""How many SMS parts a text costs: our count beside that of Twilio's own calculator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.base import ChannelName
from bot.channels.render import render
from bot.channels.segments import plain, segments
from bot.gateway.services import CAPABILITIES
from bot.i18n.answers import Answers
from bot.i18n.languages import CODES
from bot.settings import ROOT
from tests.peers.installation import Installation

pytestmark = pytest.mark.peers
ORACLE = Path(__file__).with_name("oracle.cjs")
Count = Callable[[list[str]], list[int]]

GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà"
EXTENDED = "\f^{}\\[~]|€"
LETTERS = "çáíóúâêõãÁабвгдеёжзьъэюя我的妻子可以来吗，。ابتةثجحخدذرزسشصضطظعغفقكلمنهويءئؤ،؟ہھیےگچپژٹڈڑںکۓ’“”–…\u00a0\u2066\u2069"
MARKS = ["بَ", "رِّ", "ُ", "e\u0301", "й"]
EMOJI = ["😀", "👍🏽", "❤️", "👩‍👩‍👧", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇸🇾"]


@pytest.fixture(scope="module")
def count(peers: Installation) -> Iterator[Count]:
    """Twilio's count for each of some texts."""
    with subprocess.Popen(
        [peers.node, str(ORACLE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=peers.environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asks, tells = process.stdin, process.stdout

        def ask(texts: list[str]) -> list[int]:
            asks.write(json.dumps(texts) + "\n")
            asks.flush()
            return [int(each) for each in json.loads(tells.readline())]

        yield ask
        asks.close()
        process.wait(10)


@pytest.mark.parametrize("locale", CODES)
def test_every_answer_costs_what_twilio_counts(locale: str, answers: Answers, count: Count) -> None:
    hint = answers.render("utter_choice_hint", locale).text
    texts = []
    for name in yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]:
        answer = answers.render(name, locale, "PH")
        parts = render(answer.text, answer.choices, CAPABILITIES[ChannelName.SMS], locale, hint=hint)
        texts += [part.text for part in parts if part.text]
    assert len(texts) > 100
    assert list(zip(texts, map(segments, texts), strict=True)) == list(zip(texts, count(texts), strict=True))


def test_the_borders_cost_what_twilio_counts(count: Count) -> None:
    texts = ["a" * length for length in (1, 160, 161, 306, 307)] + ["я" * length for length in (1, 70, 71, 134, 135)]
    texts += ["€" * length for length in (80, 81)] + [character * 2 for character in GSM + EXTENDED + LETTERS]
    texts += [plain("“" + "a" * 158 + "”"), "“" + "a" * 158 + "”"]
    assert list(zip(texts, map(segments, texts), strict=True)) == list(zip(texts, count(texts), strict=True))


def runs(characters: list[str]) -> st.SearchStrategy[str]:
    """Texts long enough to have several parts: some characters, each repeated."""
    run = st.tuples(st.sampled_from(characters), st.integers(1, 90)).map(lambda pair: pair[0] * pair[1])
    return st.lists(run, min_size=1, max_size=12).map("".join)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=runs([*GSM, *EXTENDED]) | runs([*GSM, *EXTENDED, *LETTERS, *MARKS, *EMOJI]))
def test_any_text_in_our_languages_costs_what_twilio_counts(text: str, count: Count) -> None:
    assert [segments(text)] == count([text])
