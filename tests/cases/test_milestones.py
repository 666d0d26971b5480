"""Every step has its words, and a following one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.cases.facts import KINDS
from bot.cases.milestones import MILESTONES, next_after

ROOT = Path(__file__).resolve().parents[2]


def test_the_steps_follow_each_other_from_referral_to_arrival() -> None:
    walked = [MILESTONES[0]]
    while (following := next_after(walked[-1])) is not None:
        walked.append(following)
    assert (walked[0], walked[-1], len(walked)) == ("referred", "arrived", 10)
    with pytest.raises(ValueError, match="not in"):
        next_after("waiting")


def test_every_step_and_every_kind_of_appointment_has_its_words() -> None:
    responses = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["responses"]
    assert {f"utter_milestone_{name}" for name in MILESTONES} == {name for name in responses if name.startswith("utter_milestone_")}
    kinds = {name for name in responses if name.startswith("utter_appointment_kind_")}
    assert {f"utter_appointment_kind_{kind}" for kind in KINDS} == kinds
