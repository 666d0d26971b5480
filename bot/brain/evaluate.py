"""Measures the trained model on messages it has not seen: `python -m bot.brain.evaluate FILE.tsv ... [--json OUT] [--png OUT]`.

A file has the columns intent, text and tags (comma separated, may be empty), parted by tabs; lines beginning with # and a
header line are skipped. The language is the code in the file's name (`ar.tsv`, `held_out.ar.tsv`). The whole pipeline of
the newest model in models/ reads each message, as it does for a person.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from bot.brain.scores import Reading, Report, Scores, report_on
from bot.i18n.languages import CODES


class Sample(NamedTuple):
    """One line of a test file."""

    intent: str
    text: str
    tags: tuple[str, ...]
    language: str


class BadFile(Exception):
    """A test file cannot be used; the text says where and why."""


def samples_in(path: Path) -> Iterator[Sample]:
    """The lines of one file. Raises BadFile."""
    codes = [part for part in re.split(r"[^a-z]+", path.stem.lower()) if part in CODES]
    if not codes:
        raise BadFile(f"{path}: no language code ({', '.join(CODES)}) in the file's name")
    try:
        rows = path.read_text("utf-8").splitlines()
    except OSError as problem:
        raise BadFile(f"{path}: {problem.strerror}") from problem
    for number, row in enumerate(rows, 1):
        columns = row.split("\t")
        if not row.strip() or row.startswith("#") or columns[:2] == ["intent", "text"]:
            continue
        if len(columns) not in (2, 3) or not columns[0].strip() or not columns[1].strip():
            raise BadFile(f"{path}:{number}: expected intent, text and tags parted by tabs")
        tags = tuple(tag.strip() for tag in columns[2].split(",") if tag.strip()) if len(columns) == 3 else ()
        yield Sample(columns[0].strip(), columns[1].strip(), tags, codes[-1])


def read_all(samples: Sequence[Sample], model: str) -> tuple[list[Reading], list[float]]:
    """Each sample as the model reads it, and the milliseconds it took."""
    import structlog
    from rasa.core.agent import Agent

    # Rasa would print every message with its reading.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    agent = Agent.load(model)
    return asyncio.run(_read_all(agent, samples))


async def _read_all(agent: Any, samples: Sequence[Sample]) -> tuple[list[Reading], list[float]]:
    from rasa.core.channels.channel import UserMessage

    from bot.brain.channel import neutral

    readings: list[Reading] = []
    times: list[float] = []
    for number, sample in enumerate(samples, 1):
        start = time.perf_counter()
        message = UserMessage(neutral(sample.text), sender_id="evaluation", metadata={"locale": sample.language})
        parsed = await agent.processor.parse_message(message)
        times.append((time.perf_counter() - start) * 1000)
        readings.append(_reading(sample, parsed))
        if number % 500 == 0:
            print(f"{number} of {len(samples)} messages read", file=sys.stderr)
    return readings, times


def _reading(sample: Sample, parsed: dict[str, Any]) -> Reading:
    """The ranking without `nlu_fallback`, which only says that the bot would ask."""
    names = tuple(rank["name"] for rank in parsed["intent_ranking"] if rank["name"] != "nlu_fallback")
    unsure = parsed["intent"]["name"] == "nlu_fallback"
    return Reading(sample.intent, sample.text, sample.language, sample.tags, names, float(parsed["intent"]["confidence"]), unsure)


def lines_of(report: Report, times: Sequence[float]) -> Iterator[str]:
    """The report for a terminal."""
    head = f"{'':22}{'lines':>6}{'top-1':>8}{'top-3':>8}{'macroF1':>9}{'safety':>8}{'alarms':>8}{'answered':>10}{'right':>8}"
    yield head
    yield _row("all", report.overall)
    for name, scores in report.languages.items():
        yield _row(name, scores)
    if report.tags:
        yield ""
        yield head
        for name, scores in report.tags.items():
            yield _row(name, scores)
    yield ""
    yield f"{'intent':26}{'lines':>6}{'precision':>11}{'recall':>8}{'F1':>7}"
    for intent, row in sorted(report.intents.items(), key=lambda item: item[1]["f1"]):
        yield f"{intent:26}{row['messages']:6.0f}{row['precision']:11.3f}{row['recall']:8.3f}{row['f1']:7.3f}"
    yield ""
    yield "meant, but read as"
    for pair in report.confusions[:20]:
        yield f"{pair['messages']:5}  {pair['meant']} -> {pair['read']}"
    yield ""
    yield f"reading one message: p50 {statistics.median(times):.1f} ms, p95 {sorted(times)[int(len(times) * 0.95)]:.1f} ms"


def _row(name: str, scores: Scores) -> str:
    figures = f"{scores.top1:8.3f}{scores.top3:8.3f}{scores.macro_f1:9.3f}{scores.safety_recall:8.3f}{scores.false_alarms:8.3f}"
    return f"{name:22}{scores.messages:6}{figures}{scores.answered:10.3f}{scores.answered_right:8.3f}"


def draw(readings: Sequence[Reading], path: Path) -> None:
    """A heat map of meanings: a row is what was meant, a column what was read, each row summing to one."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = sorted({reading.intent for reading in readings} | {reading.ranking[0] for reading in readings})
    place = {name: index for index, name in enumerate(names)}
    counts = [[0.0] * len(names) for _ in names]
    for reading in readings:
        counts[place[reading.intent]][place[reading.ranking[0]]] += 1
    shares = [[value / (sum(row) or 1) for value in row] for row in counts]
    size = max(6.0, 0.26 * len(names))
    figure, axes = pyplot.subplots(figsize=(size + 2, size))
    image = axes.imshow(shares, cmap="magma_r", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("read as")
    axes.set_ylabel("meant")
    axes.set_title(f"{len(readings)} messages")
    figure.colorbar(image, shrink=0.6)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 for files that cannot be used."""
    parser = argparse.ArgumentParser(prog="bot.brain.evaluate", description="Measure the trained model on unseen messages.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.tsv")
    parser.add_argument("--model", default="models", help="a model file, or the folder whose newest is taken")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--png", type=Path, help="draw the heat map here")
    options = parser.parse_args(arguments)
    try:
        samples = [sample for path in options.files for sample in samples_in(path)]
    except BadFile as problem:
        print(problem, file=sys.stderr)
        return 2
    if not samples:
        print("no messages in these files", file=sys.stderr)
        return 2
    readings, times = read_all(samples, options.model)
    report = report_on(readings)
    print("\n".join(lines_of(report, times)))
    if options.json:
        figures = {**asdict(report), "milliseconds_p50": statistics.median(times)}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if options.png:
        draw(readings, options.png)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
