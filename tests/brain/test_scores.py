"""The figures of an evaluation and its files, on readings counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.brain.evaluate import BadFile, draw, lines_of, samples_in
from bot.brain.scores import Reading, report_on, scores_of


def reading(meant: str, *ranking: str, unsure: bool = False, language: str = "en") -> Reading:
    return Reading(meant, "...", language, ("short",), ranking, 0.9, unsure)


READINGS = [
    reading("ask_cost", "ask_cost", "greet", "thank"),
    reading("ask_cost", "greet", "thank", "ask_cost", unsure=True),
    reading("self_harm", "report_danger", "self_harm", "greet"),
    reading("self_harm", "greet", "thank", "ask_cost", language="ar"),
    reading("greet", "self_harm", "greet", "thank", language="ar"),
]


def test_shares_are_counted_as_promised() -> None:
    scores = scores_of(READINGS)
    assert scores.messages == 5
    assert scores.top1 == pytest.approx(1 / 5)
    assert scores.top3 == pytest.approx(4 / 5)
    assert scores.safety_recall == pytest.approx(1 / 2)
    assert scores.false_alarms == pytest.approx(1 / 3)
    assert scores.answered == pytest.approx(4 / 5)
    assert scores.answered_right == pytest.approx(1 / 4)


def test_the_report_has_a_row_for_each_language_tag_and_intent() -> None:
    report = report_on(READINGS)
    assert set(report.languages) == {"en", "ar"}
    assert set(report.tags) == {"short"}
    assert report.intents["ask_cost"] == {"messages": 2, "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert {"meant": "self_harm", "read": "greet", "messages": 1} in report.confusions
    assert any("false" in line or "alarms" in line for line in lines_of(report, [1.0, 2.0]))


def test_nothing_scores_nothing() -> None:
    assert scores_of([]).top1 == 0.0


def test_a_file_gives_its_lines_with_the_language_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "held_out.ar.tsv"
    path.write_text("intent\ttext\ttags\n# a comment\nask_cost\tكم السعر\tshort,dialect\ngreet\tمرحبا\n", "utf-8")
    first, second = samples_in(path)
    assert (first.intent, first.language, first.tags) == ("ask_cost", "ar", ("short", "dialect"))
    assert second.tags == ()


@pytest.mark.parametrize(
    ("name", "content"), [("xx.tsv", "greet\thello\n"), ("en.tsv", "greet hello\n"), ("en.tsv", "greet\t\t\n")]
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(BadFile, match=name):
        list(samples_in(path))


def test_the_heat_map_is_a_picture(tmp_path: Path) -> None:
    draw(READINGS, tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
