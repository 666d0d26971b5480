"""Talks over one database and one keystore, with a Rasa that answers a few questions about somebody's own case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.channels.base import ChannelName
from bot.i18n.answers import Answers
from bot.store.db import connect
from bot.store.seal import Sealer
from tests.conftest import Clock
from tests.talk import Talk, load_answers, said

ASKED = {
    "where is my case": "utter_ask_case_status",
    "when is my appointment": "utter_ask_appointment",
    "when do we fly": "utter_ask_flight_details",
    "i have a code": "utter_link_case",
    "take my permission back": "utter_withdraw_asked",
}

#: A text that is a button's title, or the button tapped.
PRESSED = {"/ask_case_status": "utter_ask_case_status"}


@pytest.fixture(scope="session")
def answers() -> Answers:
    return load_answers()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def start(engine: Engine, sealer: Sealer, clock: Clock, answers: Answers, tmp_path: Path) -> Callable[[ChannelName], Talk]:
    keystore = connect(f"sqlite:///{tmp_path}/keys.db")

    def begin(channel: ChannelName) -> Talk:
        talk = Talk(engine, sealer, clock, channel, answers, keystore=keystore)
        talk.rasa.answer = lambda body: (
            200,
            said(ASKED.get(body["text"], PRESSED.get(body["text"], "utter_ask_cost")), "what Rasa worded"),
        )
        return talk

    return begin


@pytest.fixture
def talk(start: Callable[[ChannelName], Talk]) -> Talk:
    return start(ChannelName.TELEGRAM)
