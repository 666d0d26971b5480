"""Talks on each channel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from bot.channels.base import ChannelName
from bot.i18n.answers import Answers
from bot.store.seal import Sealer
from tests.conftest import Clock
from tests.talk import Talk, load_answers


@pytest.fixture(scope="session")
def answers() -> Answers:
    return load_answers()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def start(engine: Engine, sealer: Sealer, clock: Clock, answers: Answers) -> Callable[[ChannelName], Talk]:
    """Begins a talk on a channel."""
    return lambda channel: Talk(engine, sealer, clock, channel, answers)


@pytest.fixture
def talk(start: Callable[[ChannelName], Talk]) -> Talk:
    return start(ChannelName.WHATSAPP)
