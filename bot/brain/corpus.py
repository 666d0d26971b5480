"""The training lines as they stand in data/nlu/<lang>/*.yml, with the language that only the folder knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.brain.noise import Line


def lines_in(folder: Path) -> Iterator[Line]:
    """Every written line, in the order of the files."""
    for path in sorted(folder.glob("*/*.yml")):
        for block in (yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) or {}).get("nlu") or ():
            for row in str(block.get("examples", "")).splitlines():
                text = row.strip().removeprefix("-").strip()
                if text:
                    yield Line(text, block["intent"], path.parent.name)


def languages_of_lines(folder: Path) -> dict[str, str]:
    """The language of each line by its text."""
    return {line.text: line.language for line in lines_in(folder)}
