"""The short memory of talks: one session, two weeks, and readable by its owner alone."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.brain.tracker_store import IDLE_SECONDS, ShortMemory

DOMAIN = Domain.from_dict({"intents": ["greet"], "slots": {"flow": {"type": "text", "mappings": [{"type": "custom"}]}}})


def session(at: float, *events: Event) -> list[Event]:
    all_events: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), *events]
    for step, event in enumerate(all_events):
        event.timestamp = at + step * 0.001
    return all_events


def keep(store: ShortMemory, sender: str, events: list[Event]) -> None:
    asyncio.run(store.save(DialogueStateTracker.from_events(sender, events, DOMAIN.slots)))


def test_only_the_newest_session_stays(tmp_path: Path) -> None:
    store = ShortMemory(DOMAIN, f"sqlite:///{tmp_path / 'rasa.db'}", clock=lambda: 5000.0)
    first = session(1000.0, UserUttered("old words"))
    keep(store, "c", first)
    keep(store, "c", first + session(4000.0, SlotSet("flow", "guide"), UserUttered("new words")))
    tracker = asyncio.run(store.retrieve_full_tracker("c"))
    assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["new words"]
    assert tracker.get_slot("flow") == "guide"


def test_the_next_turn_is_stored_once(tmp_path: Path) -> None:
    store = ShortMemory(DOMAIN, f"sqlite:///{tmp_path / 'rasa.db'}", clock=lambda: 5000.0)
    keep(store, "c", session(4000.0, UserUttered("one")))
    tracker = asyncio.run(store.retrieve("c"))
    tracker.update(UserUttered("two"))
    asyncio.run(store.save(tracker))
    again = asyncio.run(store.retrieve("c"))
    assert [event.text for event in again.events if isinstance(event, UserUttered)] == ["one", "two"]


def test_idle_talks_are_forgotten(tmp_path: Path) -> None:
    now = 10.0 * IDLE_SECONDS
    store = ShortMemory(DOMAIN, f"sqlite:///{tmp_path / 'rasa.db'}", clock=lambda: now)
    keep(store, "old", session(now - IDLE_SECONDS - 10, UserUttered("old")))
    keep(store, "new", session(now - 10, UserUttered("new")))
    store.forget_idle()
    assert asyncio.run(store.retrieve("old")) is None
    assert asyncio.run(store.retrieve("new")) is not None


def test_the_address_comes_from_the_environment_and_the_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTH_RASA_TRACKER", f"sqlite:///{tmp_path / 'deep' / 'talks.db'}")
    ShortMemory(DOMAIN)
    assert stat.S_IMODE((tmp_path / "deep" / "talks.db").stat().st_mode) == 0o600
