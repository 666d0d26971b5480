"""The travel guide: who travels, which part of the journey, then one step at a time until it is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import yaml

from bot.flows.reply import Reply

VERSION = 1
TRAVELLER, STAGE, STEP = "traveller", "stage", "step"
TRAVELLERS = ("adult", "family", "child")
#: Questions whose payloads belong to this conversation.
MINE = frozenset({TRAVELLER, STAGE, STEP})
_ASKED = {TRAVELLER: "utter_guide_who", STAGE: "utter_guide_stage", STEP: "utter_guide_next"}


@dataclass(frozen=True)
class Step:
    """One step and the travellers who see it."""

    id: str
    travellers: frozenset[str]
    response: str


@dataclass(frozen=True)
class Guide:
    """The guide as staff wrote it: parts in order, steps in order. Refuses a file it cannot follow wholly."""

    stages: Mapping[str, tuple[Step, ...]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """From data/guide.yml; ValueError says what is wrong with it."""
        written = yaml.safe_load(path.read_text("utf-8"))
        stages = {stage["id"]: tuple(map(_step, stage["steps"])) for stage in written["stages"]}
        for stage, steps in stages.items():
            for traveller in TRAVELLERS:
                if not any(traveller in step.travellers for step in steps):
                    raise ValueError(f"{path.name}: the part {stage!r} has no step for {traveller!r}")
        return cls(stages)

    def steps(self, stage: str, traveller: str) -> tuple[Step, ...]:
        """The steps of a part that `traveller` sees."""
        return tuple(step for step in self.stages[stage] if traveller in step.travellers)


def _step(written: Mapping[str, Any]) -> Step:
    travellers = frozenset(written["for"])
    if not travellers or not travellers <= set(TRAVELLERS):
        raise ValueError(f"step {written.get('id')!r}: 'for' must name some of {', '.join(TRAVELLERS)}")
    return Step(written["id"], travellers, written["response"])


@dataclass(frozen=True)
class State:
    """Where the reader is: `done` steps of `stage` were told; `open` waits ("" for none)."""

    traveller: str = ""
    stage: str = ""
    done: int = 0
    open: str = ""

    @property
    def running(self) -> bool:
        """A question waits for an answer."""
        return bool(self.open)

    def as_json(self) -> dict[str, Any]:
        """For a Rasa slot."""
        return {
            "version": VERSION,
            "traveller": self.traveller,
            "stage": self.stage,
            "done": self.done,
            "open": self.open,
        }

    @classmethod
    def from_json(cls, stored: object) -> Self:
        """The stored state, or a fresh one where it has another shape."""
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return cls()
        traveller, stage = stored.get("traveller"), str(stored.get("stage", ""))
        done, waiting = stored.get("done"), stored.get("open")
        sound = traveller in ("", *TRAVELLERS) and waiting in ("", *MINE)
        if not sound or not isinstance(done, int) or done < 0 or (waiting == STEP and not (stage and traveller)):
            return cls()
        return cls(str(traveller), stage, done, str(waiting))


@dataclass(frozen=True)
class Heard:
    """A choice taken, or a bare intent: affirm goes on, deny ends."""

    intent: str = ""
    question: str | None = None
    answer: str | None = None


Turn = tuple[State, list[Reply]]


def step(guide: Guide, state: State | None, heard: Heard) -> Turn:
    """One turn of the guide."""
    state = state or State()
    match heard.question, heard.answer:
        case "traveller", str(answer) if answer in TRAVELLERS:
            wanted = state.stage if state.open == TRAVELLER else ""
            return _on(guide, replace(state, traveller=answer, stage=wanted, done=0))
        case "stage", str(answer) if answer in guide.stages:
            return _on(guide, replace(state, stage=answer, done=0))
        case "step", "next":
            return _on(guide, state)
        case "step", "other":
            return _on(guide, replace(state, stage="", done=0))
        case "step", "enough":
            return replace(state, stage="", done=0, open=""), [Reply("utter_guide_done")]
    if state.open == STEP and heard.intent == "affirm":
        return _on(guide, state)
    if state.running and heard.intent == "deny":
        return replace(state, stage="", done=0, open=""), [Reply("utter_guide_done")]
    if state.running:
        return state, ask_again(guide, state)
    state, replies = _on(guide, replace(state, stage="", done=0))
    return state, [Reply("utter_ask_travel_day"), *replies]


def ask_again(guide: Guide, state: State) -> list[Reply]:
    """The question that waits; nothing when none waits."""
    if state.open == STEP and not _left(guide, state):
        return [Reply("utter_guide_stage_done")]
    return [Reply(_ASKED[state.open])] if state.open else []


def _left(guide: Guide, state: State) -> tuple[Step, ...]:
    return guide.steps(state.stage, state.traveller)[state.done :] if state.stage in guide.stages else ()


def _on(guide: Guide, state: State) -> Turn:
    """What comes next: who travels, which part, or the next step of it."""
    if not state.traveller:
        return _asking(guide, state, TRAVELLER)
    if state.stage not in guide.stages:
        return _asking(guide, replace(state, stage="", done=0), STAGE)
    left = _left(guide, state)
    if not left:
        return _asking(guide, state, STEP)
    state, question = _asking(guide, replace(state, done=state.done + 1), STEP)
    return state, [Reply(left[0].response), *question]


def _asking(guide: Guide, state: State, question: str) -> Turn:
    state = replace(state, open=question)
    return state, ask_again(guide, state)
