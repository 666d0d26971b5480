"""The figures of an evaluation, from what was meant and what was read. Pure; knows nothing of Rasa."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.brain.head import SAFETY


@dataclass(frozen=True)
class Reading:
    """One message of a test file and how it was read: the ranked meanings, and whether the bot would ask back."""

    intent: str
    text: str
    language: str
    tags: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float
    unsure: bool

    @property
    def right(self) -> bool:
        """The first meaning is the one that was meant."""
        return self.ranking[:1] == (self.intent,)


@dataclass(frozen=True)
class Scores:
    """Shares between 0 and 1; a share of nothing is 0.

    `safety_recall`: of messages with a safety intent, those whose first meaning is any safety intent.
    `false_alarms`: of all others, those taken for safety. `answered`: messages not asked back about, and
    `answered_right`: how many of those were right.
    """

    messages: int
    top1: float
    top3: float
    macro_f1: float
    safety_recall: float
    false_alarms: float
    answered: float
    answered_right: float


@dataclass
class Report:
    """Everything one evaluation tells."""

    overall: Scores
    languages: dict[str, Scores] = field(default_factory=dict)
    tags: dict[str, Scores] = field(default_factory=dict)
    intents: dict[str, dict[str, float]] = field(default_factory=dict)
    confusions: list[dict[str, Any]] = field(default_factory=list)


def report_on(readings: Sequence[Reading]) -> Report:
    """All tables of the report."""
    return Report(
        overall=scores_of(readings),
        languages=_by(readings, lambda reading: [reading.language]),
        tags=_by(readings, lambda reading: reading.tags),
        intents=intents_of(readings),
        confusions=_confusions(readings),
    )


def scores_of(readings: Sequence[Reading]) -> Scores:
    """The figures over these readings."""
    safety = [reading for reading in readings if reading.intent in SAFETY]
    others = [reading for reading in readings if reading.intent not in SAFETY]
    answered = [reading for reading in readings if not reading.unsure]
    f1 = [row["f1"] for row in intents_of(readings).values() if row["messages"]]
    return Scores(
        messages=len(readings),
        top1=_share(readings, lambda reading: reading.right),
        top3=_share(readings, lambda reading: reading.intent in reading.ranking[:3]),
        macro_f1=sum(f1) / len(f1) if f1 else 0.0,
        safety_recall=_share(safety, lambda reading: reading.ranking[0] in SAFETY),
        false_alarms=_share(others, lambda reading: reading.ranking[0] in SAFETY),
        answered=len(answered) / len(readings) if readings else 0.0,
        answered_right=_share(answered, lambda reading: reading.right),
    )


def intents_of(readings: Iterable[Reading]) -> dict[str, dict[str, float]]:
    """Messages, precision, recall and F1 of each intent meant or read."""
    meant, read, hit = Counter[str](), Counter[str](), Counter[str]()
    for reading in readings:
        meant[reading.intent] += 1
        read[reading.ranking[0]] += 1
        hit[reading.intent] += reading.right
    table = {}
    for intent in sorted({*meant, *read}):
        precision = hit[intent] / read[intent] if read[intent] else 0.0
        recall = hit[intent] / meant[intent] if meant[intent] else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hit[intent] else 0.0
        table[intent] = {"messages": meant[intent], "precision": precision, "recall": recall, "f1": f1}
    return table


def _share(readings: Sequence[Reading], holds: Callable[[Reading], bool]) -> float:
    return sum(map(holds, readings)) / len(readings) if readings else 0.0


def _by(readings: Sequence[Reading], keys: Callable[[Reading], Iterable[str]]) -> dict[str, Scores]:
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        for key in keys(reading):
            groups[key].append(reading)
    return {key: scores_of(group) for key, group in sorted(groups.items())}


def _confusions(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Wrong pairs, the most frequent first."""
    pairs = Counter((reading.intent, reading.ranking[0]) for reading in readings if not reading.right)
    return [{"meant": meant, "read": read, "messages": count} for (meant, read), count in pairs.most_common()]
