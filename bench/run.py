"""`make bench`: our stack and stock Rasa in one run, each alone on the machine; writes docs/benchmarks.md."""

from __future__ import annotations

import asyncio
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import load, stock
from bench.load import Notes, Result
from bench.stack import Stack, ours, stock_rasa
from bot.demo.training import train_if_changed
from bot.settings import ROOT

TEXTS = (ROOT / "bench" / "messages.txt").read_text("utf-8").splitlines()
STEADY_PER_SECOND, STEADY_COUNT = 20.0, 600
BURST_COUNT = 300
WARM_COUNT = 40
REPORT = ROOT / "docs" / "benchmarks.md"


_FEWER = (
    "In this run stock Rasa was trained for {} of its 100 epochs to save time: how fast it answers does not depend on that, how\n"
    "well it understands does, so its training time is left out, and most of what it left unanswered is that: an unsure reading\n"
    "falls back to silence."
)


@dataclass
class Measured:
    """One system's figures."""

    first_answer_s: float
    steady: Result
    burst: Result
    memory_mb: dict[str, float]


async def measure(start: Callable[[str], AbstractContextManager[Stack]]) -> Measured:
    """Start to first answer, a warm-up, a steady load, a burst, and the memory after it."""
    notes = Notes()
    async with load.twilio(notes) as address:
        starting = start(address)
        stack = await asyncio.to_thread(starting.__enter__)
        try:
            await load.load(stack, notes, TEXTS, 1, None)
            first = time.monotonic() - stack.started
            await load.load(stack, notes, TEXTS, WARM_COUNT, STEADY_PER_SECOND / 2)
            steady = await load.load(stack, notes, TEXTS, STEADY_COUNT, STEADY_PER_SECOND)
            burst = await load.load(stack, notes, TEXTS, BURST_COUNT, None)
            return Measured(first, steady, burst, stack.memory_mb())
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)


def quantile(values: list[float], share: float) -> float:
    """The `share` quantile, or nan where nothing was measured."""
    return statistics.quantiles(values, n=1000)[round(share * 1000) - 1] if len(values) > 1 else float("nan")


def training_seconds() -> float:
    """Our training from nothing but the trained encoder and the cache of embeddings of unchanged lines."""
    started = time.monotonic()
    if not train_if_changed(force=True):
        raise SystemExit("training failed")
    return time.monotonic() - started


def row(name: str, mine: float, peer: float, unit: str, better: str) -> str:
    """One line of the table; the ratio says how many times better we are (below 1: worse)."""
    ratio = peer / mine if better == "lower" else mine / peer
    return f"| {name} | {mine:,.1f} {unit} | {peer:,.1f} {unit} | {ratio:.1f} |"


def table(mine: Measured, peer: Measured, train_mine: float | None, train_peer: float | None) -> list[str]:
    """The table's lines."""
    lines = ["| figure | Hearth | stock Rasa 3.6 | times better |", "| --- | --- | --- | --- |"]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        values = (quantile(mine.steady.webhook_ms, share), quantile(peer.steady.webhook_ms, share))
        lines.append(row(f"webhook answered, {name}, at 20 messages/s", *values, "ms", "lower"))
    for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        values = (quantile(mine.steady.turn_ms, share), quantile(peer.steady.turn_ms, share))
        lines.append(row(f"whole turn, webhook in to provider call, {name}, at 20 messages/s", *values, "ms", "lower"))
    turns = [(each.burst.sent - each.burst.unanswered) / each.burst.seconds for each in (mine, peer)]
    lines.append(row(f"turns a second, burst of {BURST_COUNT}", *turns, "/s", "higher"))
    unanswered = [each.steady.unanswered + each.burst.unanswered for each in (mine, peer)]
    lines.append(
        f"| unanswered within {load.ANSWER_LIMIT_S:.0f} s, of {STEADY_COUNT + BURST_COUNT} | {unanswered[0]} | {unanswered[1]} | |"
    )
    totals = [sum(each.memory_mb.values()) for each in (mine, peer)]
    lines.append(row("memory of all processes (PSS)", *totals, "MB", "lower"))
    lines += [f"| - of which {name} | {size:,.0f} MB | | |" for name, size in mine.memory_mb.items()]
    lines.append(row("start to first answer", mine.first_answer_s, peer.first_answer_s, "s", "lower"))
    if train_mine is not None and train_peer is not None and stock.EPOCHS == 100:
        lines.append(row("training, same lines", train_mine, train_peer, "s", "lower"))
    return lines


def main() -> None:
    """Measures, prints and writes."""
    train_peer = stock.train()
    if train_peer is None and (stock.FOLDER / "seconds").exists():
        train_peer = float((stock.FOLDER / "seconds").read_text())
    train_mine = None if "--no-training" in sys.argv else training_seconds()
    mine = asyncio.run(measure(ours))
    peer = asyncio.run(measure(stock_rasa))
    lines = table(mine, peer, train_mine, train_peer)
    print("\n".join(lines))
    note = [
        "# Benchmarks",
        "",
        f"`make bench` on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, two cores, Python {platform.python_version()}; both systems in one",
        "run, one after the other, on the same machine. The load comes from the same two cores. Stock Rasa 3.6 is what `rasa init`",
        "makes (default pipeline and policies, in-memory tracker, its own Twilio channel, which checks no signature and stores",
        "nothing), trained on the same lines with one fixed answer an intent. Its Twilio channel answers the webhook after the",
        "turn, so both of its times are nearly one.",
        "",
        *lines,
        "",
        *([] if stock.EPOCHS == 100 else [_FEWER.format(stock.EPOCHS), ""]),
    ]
    REPORT.write_text("\n".join(note), "utf-8")


if __name__ == "__main__":
    main()
